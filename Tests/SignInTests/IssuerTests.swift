import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import SignIn

/// Who is signed in, and who is not.
struct IssuerTests {
    private struct Scene {
        let world: StandInIssuer
        let clock = ManualClock()
        let issuer: Issuer
        var ticket: SignInTicket

        init(secret: String? = "s3cret") throws {
            world = try StandInIssuer()
            var number: UInt8 = 0
            ticket = SignInTicket(to: "/", now: clock.now) { count in
                number += 1
                return [UInt8](repeating: number, count: count)
            }
            issuer = Issuer(
                OIDCSettings(issuer: StandInIssuer.address, clientID: "relay", clientSecret: secret.map { Secret($0) }), http: world,
                clock: clock)
            let now = clock.now, ticket = ticket
            world.state.withLock { state in
                state.challenge = ticket.challenge
                state.claims = [
                    "iss": .string(StandInIssuer.address), "aud": "relay", "exp": .int((now + .seconds(300)).seconds),
                    "iat": .int(now.seconds), "nonce": .string(ticket.nonce), "email": "Ann@Example.com", "email_verified": true,
                ]
            }
        }

        func email(code: String = "the-code", named: String? = nil) async throws(SignInError) -> String {
            try await issuer.email(code: code, named: named, ticket: ticket, back: "https://relay.example.com/sign-in/done")
        }

        func change(_ body: (inout StandInIssuer.State) -> Void) { world.state.withLock { body(&$0) } }
    }

    @Test(arguments: ["RS256", "ES256", "EdDSA"]) func `a token by each algorithm signs in`(algorithm: String) async throws {
        let scene = try Scene()
        scene.change { $0.algorithm = algorithm }
        #expect(try await scene.email() == "ann@example.com")
    }

    @Test func `the browser is sent with everything that protects the way back`() async throws {
        let scene = try Scene()
        let address = try await scene.issuer.address(for: scene.ticket, back: "https://relay.example.com/sign-in/done")
        #expect(address.hasPrefix(StandInIssuer.address + "/authorize?response_type=code&client_id=relay&redirect_uri=https%3A%2F%2Frelay"))
        for part in ["scope=openid%20email", "state=\(scene.ticket.state)", "nonce=\(scene.ticket.nonce)", "code_challenge_method=S256"] {
            #expect(address.contains(part))
        }
        #expect(address.contains("code_challenge=\(scene.ticket.challenge)") && !address.contains(scene.ticket.verifier))
    }

    enum Forgery: CaseIterable {
        case otherIssuer, otherClient, severalClients, expired, future, notYet, otherNonce, noNonce, noEmail, unverified, wordUnverified,
            none, sharedSecret, otherKind, changedClaims, critical, namedIssuer
    }

    @Test(arguments: Forgery.allCases) func `a token that is not of this sign-in counts for nothing`(forgery: Forgery) async throws {
        let scene = try Scene(), now = scene.clock.now
        scene.change { state in
            switch forgery {
            case .otherIssuer: state.claims["iss"] = "https://evil.example.com"
            case .otherClient: state.claims["aud"] = "other"
            case .severalClients: state.claims["aud"] = ["relay", "other"]
            case .expired: state.claims["exp"] = .int((now - .seconds(61)).seconds)
            case .future: state.claims["iat"] = .int((now + .seconds(120)).seconds)
            case .notYet: state.claims["nbf"] = .int((now + .seconds(120)).seconds)
            case .otherNonce: state.claims["nonce"] = "other"
            case .noNonce: state.claims["nonce"] = nil
            case .noEmail: state.claims["email"] = nil
            case .unverified: state.claims["email_verified"] = false
            case .wordUnverified: state.claims["email_verified"] = nil
            case .none: state.algorithm = "none"
            case .sharedSecret: state.algorithm = "HS256"
            case .otherKind: state.header["alg"] = "ES256"
            case .changedClaims: state.header["kid"] = "e1"
            case .critical: state.header["crit"] = ["exp"]
            case .namedIssuer: break
            }
        }
        await #expect(throws: SignInError.self) {
            try await scene.email(named: forgery == .namedIssuer ? "https://evil.example.com" : nil)
        }
    }

    @Test func `another browser's code is refused by PKCE`() async throws {
        var scene = try Scene()
        scene.ticket.verifier = "stolen"
        await #expect(throws: SignInError.refused("invalid_grant")) { try await scene.email() }
        await #expect(throws: SignInError.refused("invalid_grant")) { try await Scene().email(code: "other") }
    }

    @Test func `the secret of the client goes where the issuer wants it`() async throws {
        let scene = try Scene()
        _ = try await scene.email()
        scene.world.state.withLock { #expect($0.authorizations == ["Basic cmVsYXk6czNjcmV0"] && !$0.bodies[0].contains("s3cret")) }
        let other = try Scene()
        other.change { $0.discovery["token_endpoint_auth_methods_supported"] = ["client_secret_post"] }
        _ = try await other.email()
        other.world.state.withLock { #expect($0.authorizations.isEmpty && $0.bodies[0].contains("client_secret=s3cret")) }
    }

    @Test func `keys are read once, again when they are old or when one is new, and not for each forged token`() async throws {
        let scene = try Scene()
        for _ in 0..<3 { _ = try await scene.email() }
        let reads = { scene.world.state.withLock { state in state.requests.count { $0 == "/keys" } } }
        #expect(reads() == 1)
        scene.change { $0.header["kid"] = "unknown" }
        for _ in 0..<5 { await #expect(throws: SignInError.self) { try await scene.email() } }
        #expect(reads() == 1)
        scene.clock.advance(by: .seconds(60))
        scene.change { state in
            state.header = [:]
            state.keyIDs["RS256"] = "r2"
        }
        #expect(try await scene.email() == "ann@example.com")
        #expect(reads() == 2)
    }

    @Test(arguments: ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"])
    func `a discovery document that is wrong is named`(member: String) async throws {
        let scene = try Scene()
        scene.change { $0.discovery[member] = member == "issuer" ? "https://other.example.com" : "http://plain.example.com/x" }
        await #expect(throws: SignInError.self) { try await scene.issuer.probe() }
        await #expect(throws: SignInError.self) { try await scene.email() }
    }

    @Test func `a ticket comes back as it was`() throws {
        let ticket = try Scene().ticket
        #expect(SignInTicket(text: ticket.text) == ticket)
        #expect(SignInTicket(text: "{}") == nil)
        #expect(ticket.verifier.utf8.count == 43)
    }
}
