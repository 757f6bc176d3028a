import Crypto
import CryptoExtras
import FoundationEssentials
import RelayCore
import RelaySupport
import Transport

@testable import SignIn

/// An issuer that holds its private keys and answers like a real one: it checks the client, the code and the secret of PKCE.
final class StandInIssuer: HTTPTransport {
    static let address = "https://login.example.com"
    let rsa: _RSA.Signing.PrivateKey
    let p256 = P256.Signing.PrivateKey()
    let ed25519 = Curve25519.Signing.PrivateKey()

    struct State: Sendable {
        var claims: [String: JSONValue] = [:]
        var discovery: [String: JSONValue] = [
            "issuer": .string(address), "authorization_endpoint": .string(address + "/authorize"),
            "token_endpoint": .string(address + "/token"), "jwks_uri": .string(address + "/keys"),
        ]
        var keyIDs: [String: String] = ["RS256": "r1", "ES256": "e1", "EdDSA": "d1"]
        var header: [String: JSONValue] = [:]
        var algorithm = "RS256"
        var challenge = ""
        var requests: [String] = []
        var bodies: [String] = []
        var authorizations: [String] = []
    }

    let state = Locked(State())

    init() throws { rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048) }

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let path = String(request.url.reveal().dropFirst(Self.address.count))
        state.withLock { $0.requests.append(path) }
        switch path {
        case "/.well-known/openid-configuration": return answer(200, .object(state.withLock { $0.discovery }))
        case "/keys": return Self.always { answer(200, try keys) }
        case "/token": return Self.always { try token(request) }
        default: return HTTPResponse(status: 404)
        }
    }

    /// The signing of a test does not fail; if it does, the test sees a status that nothing else has.
    private static func always(_ body: () throws -> HTTPResponse) -> HTTPResponse { (try? body()) ?? HTTPResponse(status: 599) }

    private func token(_ request: HTTPRequest) throws -> HTTPResponse {
        let body = String(decoding: request.body ?? [], as: UTF8.self)
        let fields = Dictionary(formFields(body).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        let challenge = base64URL(Array(SHA256.hash(data: Array((fields["code_verifier"] ?? "").utf8))))
        let expected = state.withLock { state in
            state.bodies.append(body)
            state.authorizations += request.headers.filter { $0.name == "Authorization" }.map { $0.value.reveal() }
            return state.challenge
        }
        guard fields["code"] == "the-code", challenge == expected else { return answer(400, ["error": "invalid_grant"]) }
        return answer(200, ["access_token": "x", "token_type": "Bearer", "id_token": .string(try signedToken())])
    }

    private func answer(_ status: Int, _ json: JSONValue) -> HTTPResponse { HTTPResponse(status: status, body: json.bytes) }

    private var keys: JSONValue {
        get throws {
            let ids = state.withLock { $0.keyIDs }
            let numbers = try rsa.publicKey.getKeyPrimitives()
            let point = Array(p256.publicKey.rawRepresentation)
            return [
                "keys": [
                    [
                        "kty": "RSA", "kid": .string(ids["RS256"] ?? ""), "n": .string(base64URL(numbers.modulus)),
                        "e": .string(base64URL(numbers.publicExponent)),
                    ],
                    [
                        "kty": "EC", "crv": "P-256", "kid": .string(ids["ES256"] ?? ""), "x": .string(base64URL(point[..<32])),
                        "y": .string(base64URL(point[32...])),
                    ],
                    [
                        "kty": "OKP", "crv": "Ed25519", "kid": .string(ids["EdDSA"] ?? ""),
                        "x": .string(base64URL(ed25519.publicKey.rawRepresentation)),
                    ],
                    ["kty": "oct", "kid": "s1", "k": "c2VjcmV0"],
                ]
            ]
        }
    }

    private func signedToken() throws -> String {
        let state = state.withLock { $0 }
        var header: [String: JSONValue] = ["alg": .string(state.algorithm), "kid": .string(state.keyIDs[state.algorithm] ?? "s1")]
        header.merge(state.header) { $1 }
        let content = [header, state.claims].map { base64URL(JSONValue.object($0).bytes) }.joined(separator: ".")
        return content + "." + base64URL(try sign(Array(content.utf8), state.algorithm))
    }

    private func sign(_ content: [UInt8], _ algorithm: String) throws -> [UInt8] {
        switch algorithm {
        case "RS256": Array(try rsa.signature(for: SHA256.hash(data: content), padding: .insecurePKCS1v1_5).rawRepresentation)
        case "ES256": Array(try p256.signature(for: SHA256.hash(data: content)).rawRepresentation)
        case "EdDSA": Array(try ed25519.signature(for: Data(content)))
        case "HS256": Array(HMAC<SHA256>.authenticationCode(for: content, using: SymmetricKey(data: Array("secret".utf8))))
        default: []
        }
    }
}
