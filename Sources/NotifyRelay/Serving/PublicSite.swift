import Dedup
import Logging
import RelayCore
import RelaySupport

/// One request to the public site. It is independent of the HTTP server, so that a test needs no socket.
struct PublicRequest: Sendable {
    var method: String
    /// The segments of the path, percent-decoded.
    var segments: [String]
    /// The path with its query, as it was sent.
    var target = "/"
    /// The fields of the query; of several with one name the first.
    var query: [String: String] = [:]
    /// The headers, with their names in lower case.
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// The host that the request asks for; nil if it says none.
    var host: String?
    /// The IP address of the connection; nil if unknown.
    var peer: String?
    /// Who is signed in.
    var visitor = Visitor.nobody
    /// The random value of the reader's browser, to which the marks of forms belong.
    var formNonce = ""
    /// What stands in forms in place of a mark, in a page that is made for many readers; nil if the page is for this one.
    var markPlaceholder: String?
    /// The IP address of whoever asks, as far as trusted proxies name it; nil if it is the peer.
    var client: String?

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The fields of a query; of several with one name the first.
    static func fields(_ query: some StringProtocol) -> [String: String] {
        Dictionary(formFields(query).map { ($0.name, $0.value) }, uniquingKeysWith: { a, _ in a })
    }

    /// The fields of a posted form; of several with one name the first.
    var form: [String: String] {
        Dictionary(formFields(String(decoding: body, as: UTF8.self)).map { ($0.name, $0.value) }, uniquingKeysWith: { a, _ in a })
    }

    /// The origin of the request, for the audit.
    var address: String? { client ?? peer }
}

struct PublicResponse: Sendable {
    var status: Int
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []

    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

    static func text(_ status: Int, _ text: String) -> PublicResponse {
        PublicResponse(
            status: status,
            headers: [
                ("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
            ], body: Array((text + "\n").utf8))
    }

    /// Sends the browser on. After a post it asks by GET.
    static func redirect(to address: String, cookies: [(name: String, value: String)] = []) -> PublicResponse {
        PublicResponse(
            status: 303,
            headers: [("Location", address), ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")] + cookies)
    }

    /// The response to HEAD where this is the one to GET: without the body, whose length stays in the head.
    var head: PublicResponse {
        PublicResponse(status: status, headers: headers + [("Content-Length", "\(body.count)")])
    }

    static let nothing = text(404, "nothing is here")
}

/// The site that people and chats can reach: `/a/<token>` and the callbacks of chats. Everything else is 404.
struct PublicSite: Sendable {
    let pages: DecisionPages
    let hooks: ChatHooks
    /// The names that pages answer to. Chats may call any, because their posts are signed.
    var hosts = HostGuard([])
    /// Nil if people cannot sign in here.
    var door: SignInDoor?
    /// Nil if people cannot sign in here, who alone may look.
    var desk: DeskSite?

    /// HEAD is answered as GET, without a body.
    func answer(_ request: PublicRequest) async -> PublicResponse {
        guard request.method == "HEAD" else { return await known(request) }
        var request = request
        request.method = "GET"
        return await known(request).head
    }

    /// The changes of a page that is open in a browser; nil if the request is another one, or if there are none for this reader.
    func changes(of request: PublicRequest) async -> LiveStream? {
        guard request.method == "GET", request.segments == ["live"], let desk, let door, hosts.allows(request.host) else { return nil }
        do throws(LedgerError) {
            var request = request
            request.visitor = try await door.visitor(request).visitor
            request.formNonce = door.forms.nonce(request)
            return await desk.changes(of: request)
        } catch {
            return nil
        }
    }

    /// Finds out who asks, and keeps their session in use.
    private func known(_ request: PublicRequest) async -> PublicResponse {
        guard let door, !["hooks", "sign-in", "sign-out"].contains(request.segments.first) else { return await respond(to: request) }
        do throws(LedgerError) {
            let found = try await door.visitor(request)
            var request = request
            request.visitor = found.visitor
            request.formNonce = door.forms.nonce(request)
            var response = await respond(to: request)
            response.headers += [found.cookie].compactMap(\.self)
            return response
        } catch {
            door.logger.error("a page cannot be shown: \(error)")
            return SignInPage.storeFault.response(503)
        }
    }

    private func respond(to request: PublicRequest) async -> PublicResponse {
        if request.segments.first == "a" || door != nil && request.segments.first != "hooks", !hosts.allows(request.host) {
            return .text(421, HostGuard.refusal)
        }
        return switch (request.method, request.segments.first, request.segments.count) {
        case ("GET", "a"?, 2): await pages.show(request.segments[1], request)
        case ("POST", "a"?, 2): await pages.decide(request.segments[1], request)
        case ("GET", "sign-in"?, 1): await door?.begin(request) ?? .nothing
        case ("GET", "sign-in"?, 2) where request.segments[1] == "done": await door?.finish(request) ?? .nothing
        case ("POST", "sign-out"?, 1): await door?.signOut(request) ?? .nothing
        case ("POST", "hooks"?, 2) where request.segments[1] == "slack": await hooks.slack(request)
        case ("POST", "hooks"?, 2) where request.segments[1] == "discord": await hooks.discord(request)
        case ("POST", "hooks"?, 3) where request.segments[1] == "mattermost": await hooks.mattermost(request, at: request.segments[2])
        default: await desk?.answer(request) ?? .nothing
        }
    }
}
