import Crypto
import Dedup
import Logging
import Pages
import RelayCore
import RelaySupport
import SignIn
import Transport

/// Finds out who asks, and signs people in and out on the public side.
struct SignInDoor: Sendable {
    let settings: SignInSettings
    /// Nil if only a proxy signs people in.
    let issuer: Issuer?
    let keys: LinkKeys
    let forms: FormGuard
    let ledger: Ledger
    /// The people of the configuration in force.
    let people: @Sendable () async -> [Person]
    let clock: any WallClock
    let logger: Logger

    /// Who asks, and the cookie that a response must set because the session was used.
    struct Found: Sendable {
        var visitor: Visitor
        var cookie: (name: String, value: String)?
    }

    private var isSecure: Bool { forms.publicURL.hasPrefix("https://") }
    /// `__Host-` lets no other host and no plain page set the cookie. On loopback there is no https, and the browser would not keep it.
    private var sessionCookie: String { isSecure ? "__Host-notify_relay" : "notify_relay_session" }
    private var ticketCookie: String { isSecure ? "__Host-notify_relay_sign_in" : "notify_relay_sign_in" }
    /// The address at which the issuer sends the browser back.
    private var back: String { forms.publicURL + "/sign-in/done" }

    /// - Throws: if the store cannot say whether the session was ended.
    func visitor(_ request: PublicRequest) async throws(LedgerError) -> Found {
        if let header = settings.header, let email = header.email(in: request) { return Found(visitor: await visitor(email)) }
        guard let session = try await session(request) else { return Found(visitor: .nobody) }
        let used = session.used(at: clock.now).map { cookie(sessionCookie, $0.signed(with: keys), until: $0.ends(after: settings.session)) }
        return Found(visitor: await visitor(session.email), cookie: used)
    }

    private func visitor(_ email: String) async -> Visitor {
        await people().first { $0.email == email }.map(Visitor.person) ?? .stranger(email: email)
    }

    private func session(_ request: PublicRequest) async throws(LedgerError) -> Session? {
        guard settings.oidc != nil, let value = request.cookie(sessionCookie), let session = Session(value, keys: keys),
            session.isOpen(at: clock.now, length: settings.session), try await !ledger.isSessionEnded(session.id)
        else { return nil }
        return session
    }

    // MARK: Signing in

    /// Sends the browser to the issuer.
    func begin(_ request: PublicRequest) async -> PublicResponse {
        let destination = Self.local(request.query["to"]) ?? "/"
        // A proxy has named the reader meanwhile.
        if settings.header?.email(in: request) != nil { return .redirect(to: destination) }
        guard let issuer else { return SignInPage.needsProxy.response(503) }
        let ticket = SignInTicket(to: destination, now: clock.now) { count in
            SymmetricKey(size: SymmetricKeySize(bitCount: count * 8)).withUnsafeBytes { Array($0) }
        }
        do throws(SignInError) {
            let address = try await issuer.address(for: ticket, back: back)
            return .redirect(to: address, cookies: [cookie(ticketCookie, keys.sealed(ticket.text, for: .signIn), until: ticket.expires)])
        } catch {
            return failed(error)
        }
    }

    /// Takes the browser back from the issuer.
    func finish(_ request: PublicRequest) async -> PublicResponse {
        guard let issuer else { return .nothing }
        let query = request.query
        guard let ticket = ticket(request), ticket.expires > clock.now, isSame(Array(ticket.state.utf8), Array((query["state"] ?? "").utf8))
        else { return again(SignInPage.notBegun.response(400)) }
        if let error = query["error"] { return again(failed(.refused(error.oneLine(most: 100)))) }
        guard let code = query["code"], !code.isEmpty else { return again(SignInPage.notBegun.response(400)) }
        do throws(SignInError) {
            let email = try await issuer.email(code: code, named: query["iss"], ticket: ticket, back: back)
            return await admitted(email, to: ticket.destination)
        } catch {
            return again(failed(error))
        }
    }

    private func admitted(_ email: String, to destination: String) async -> PublicResponse {
        guard await visitor(email).person != nil else { return again(SignInPage.stranger(email).response(403)) }
        // Each sign-in has a new id, so a cookie that was there before means nothing afterwards.
        let id = base64URL(SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) })
        let session = Session(id: id, email: email, at: clock.now)
        return .redirect(
            to: destination,
            cookies: [
                cookie(sessionCookie, session.signed(with: keys), until: session.ends(after: settings.session)), gone(ticketCookie),
            ])
    }

    /// Ends the session of the browser that posts this.
    func signOut(_ request: PublicRequest) async -> PublicResponse {
        guard forms.isFromThePage(request, Self.signOutForm, csrf: request.form["csrf"] ?? "") else {
            return SignInPage.notFromHere.response(403)
        }
        do throws(LedgerError) {
            if let session = try await session(request) {
                try await ledger.endSession(session.id, until: session.beganAt + settings.session)
            }
        } catch {
            logger.error("a session cannot be ended: \(error)")
            return SignInPage.storeFault.response(503)
        }
        var response = SignInPage.signedOut(byProxy: settings.header?.email(in: request) != nil).response(200)
        response.headers.append(gone(sessionCookie))
        return response
    }

    /// What the mark of the form to sign out belongs to.
    static let signOutForm = "sign-out"

    // MARK: Cookies

    private func ticket(_ request: PublicRequest) -> SignInTicket? {
        request.cookie(ticketCookie).flatMap { keys.opened($0, for: .signIn) }.flatMap(SignInTicket.init(text:))
    }

    private func cookie(_ name: String, _ value: String, until end: Timestamp) -> (name: String, value: String) {
        let seconds = max(0, clock.now.duration(to: end).components.seconds)
        return ("Set-Cookie", "\(name)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")")
    }

    private func gone(_ name: String) -> (name: String, value: String) { cookie(name, "", until: clock.now) }

    /// A response after which the browser begins a sign-in anew.
    private func again(_ response: PublicResponse) -> PublicResponse {
        var response = response
        response.headers.append(gone(ticketCookie))
        return response
    }

    private func failed(_ error: SignInError) -> PublicResponse {
        logger.warning("nobody is signed in: \(error)")
        return SignInPage.failed(error).response(502)
    }

    /// The text if it is a path of this relay: it begins with one slash, and no browser reads another host in it.
    static func local(_ path: String?) -> String? {
        guard let path, path.utf8.count <= 2_048, path.hasPrefix("/"), !path.hasPrefix("//"),
            path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else { return nil }
        return path
    }
}
