import Crypto
import FoundationEssentials
package import RelayCore
import RelaySupport

/// An OpenID Connect issuer for the demo and for tests: everybody who comes is signed in as the same person, without being asked. The rest is
/// as strict as a real one: a code is used once and within a minute, by the client that knows its PKCE secret.
package actor SandboxIssuer {
    private struct Grant {
        var client: String
        var back: String
        var nonce: String
        var challenge: String
        var email: String
        var expires: Timestamp
    }

    private let clock: any WallClock
    private let key = P256.Signing.PrivateKey()
    private var grants: [String: Grant] = [:]
    /// The address of the person that the issuer signs in next.
    package var email: String

    package init(clock: any WallClock, email: String = "ann@example.com") {
        self.clock = clock
        self.email = email
    }

    package func signIn(as email: String) { self.email = email }

    /// - Parameter base: the issuer's address, without a slash at its end.
    package func answer(_ request: WebRequest, at base: String) -> WebResponse {
        switch (request.method, request.segments.joined(separator: "/")) {
        case ("GET", ".well-known/openid-configuration"): json(discovery(base))
        case ("GET", "keys"): json(["keys": [publicKey]])
        case ("GET", "authorize"): authorize(request, at: base)
        case ("POST", "token"): token(request, at: base)
        default: WebResponse(404, type: "text/plain", "the issuer has nothing here\n")
        }
    }

    private func json(_ value: JSONValue, status: Int = 200) -> WebResponse {
        WebResponse(status, headers: [("Content-Type", "application/json"), ("Cache-Control", "no-store")], body: value.bytes)
    }

    private func discovery(_ base: String) -> JSONValue {
        [
            "issuer": .string(base), "authorization_endpoint": .string(base + "/authorize"), "token_endpoint": .string(base + "/token"),
            "jwks_uri": .string(base + "/keys"), "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["ES256"], "subject_types_supported": ["public"],
            "authorization_response_iss_parameter_supported": true,
        ]
    }

    private var publicKey: JSONValue {
        let point = Array(key.publicKey.rawRepresentation)
        return [
            "kty": "EC", "crv": "P-256", "kid": "sandbox", "alg": "ES256", "use": "sig", "x": .string(base64URL(point[..<32])),
            "y": .string(base64URL(point[32...])),
        ]
    }

    private func authorize(_ request: WebRequest, at base: String) -> WebResponse {
        guard request.parameter("response_type") == "code", request.parameter("code_challenge_method") == "S256",
            let client = request.parameter("client_id"), let back = request.parameter("redirect_uri"), back.hasSuffix("/sign-in/done"),
            let nonce = request.parameter("nonce"), let challenge = request.parameter("code_challenge"),
            let state = request.parameter("state")
        else { return WebResponse(400, type: "text/plain", "the request lacks something\n") }
        grants = grants.filter { $0.value.expires > clock.now }
        let code = base64URL(SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) })
        grants[code] = Grant(
            client: client, back: back, nonce: nonce, challenge: challenge, email: email, expires: clock.now + .seconds(60))
        let query = "code=\(code)&state=\(state.percentEncoded)&iss=\(base.percentEncoded)"
        return WebResponse(302, headers: [("Location", "\(back)?\(query)"), ("Cache-Control", "no-store")])
    }

    private func token(_ request: WebRequest, at base: String) -> WebResponse {
        let form = Dictionary(
            formFields(String(decoding: request.body, as: UTF8.self)).map { ($0.name, $0.value) }, uniquingKeysWith: { a, _ in a })
        let challenge = base64URL(Array(SHA256.hash(data: Array((form["code_verifier"] ?? "").utf8))))
        guard let grant = grants.removeValue(forKey: form["code"] ?? ""), grant.expires > clock.now, grant.challenge == challenge,
            grant.back == form["redirect_uri"], grant.client == form["client_id"], form["grant_type"] == "authorization_code"
        else { return json(["error": "invalid_grant"], status: 400) }
        let claims: JSONValue = [
            "iss": .string(base), "aud": .string(grant.client), "sub": .string(grant.email), "email": .string(grant.email),
            "email_verified": true, "nonce": .string(grant.nonce), "iat": .int(clock.now.seconds), "exp": .int(clock.now.seconds + 300),
        ]
        let header: JSONValue = ["alg": "ES256", "kid": "sandbox"]
        let content = base64URL(header.bytes) + "." + base64URL(claims.bytes)
        guard let signature = try? key.signature(for: SHA256.hash(data: Array(content.utf8))) else {
            return json(["error": "server_error"], status: 500)
        }
        return json([
            "access_token": "sandbox", "token_type": "Bearer", "expires_in": 300,
            "id_token": .string(content + "." + base64URL(Array(signature.rawRepresentation))),
        ])
    }
}
