import RelayCore
import RelaySupport

/// An ID token of OpenID Connect, of which nothing is believed before `verified` says so.
/// Source: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
package struct IDToken: Sendable {
    private let algorithm: SigningKey.Algorithm
    /// The name of the key that signed it; nil if the token names none.
    let keyID: String?
    private let content: [UInt8]
    private let signature: [UInt8]
    private let claims: JSONValue

    /// The clocks of the issuer and of this machine may differ by this much.
    static let leeway = Duration.seconds(60)
    static let mostBytes = 65_536

    /// Reads a token in its compact form (RFC 7515 §7.1).
    init(_ text: String) throws(SignInError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.mostBytes, parts.count == 3, let header = Self.json(parts[0]), let claims = Self.json(parts[1]),
            let signature = bytes(base64URL: parts[2])
        else { throw .token("it is no signed token") }
        guard let algorithm = header["alg"]?.string.flatMap(SigningKey.Algorithm.init) else {
            throw .token("it is signed by \(header["alg"]?.string?.oneLine(most: 20) ?? "nothing"), not by RS256, ES256 or EdDSA")
        }
        guard header["crit"] == nil else { throw .token("it asks for an extension that is not known") }
        self.algorithm = algorithm
        keyID = header["kid"]?.string
        content = Array("\(parts[0]).\(parts[1])".utf8)
        self.signature = signature
        self.claims = claims
    }

    func isSigned(with keys: SigningKeys) -> Bool {
        keys.candidates(named: keyID).contains { $0.verifies(signature, of: content, by: algorithm) }
    }

    /// What a token must say.
    struct Expected: Sendable {
        var issuer: String
        var client: String
        var nonce: String
        var now: Timestamp
    }

    /// The mail address that the issuer vouches for. The signature must have been checked.
    func email(as expected: Expected) throws(SignInError) -> String {
        guard claims["iss"]?.string == expected.issuer else { throw .token("another issuer made it") }
        let audience = claims["aud"]?.string.map { [$0] } ?? claims["aud"]?.array?.compactMap(\.string) ?? []
        guard audience.contains(expected.client) else { throw .token("it is for another client") }
        let party = claims["azp"]?.string
        guard party == expected.client || (party == nil && audience.count == 1) else { throw .token("it was given to another client") }
        let leeway = Self.leeway
        guard let ends = moment("exp"), ends + leeway > expected.now else { throw .token("it has expired") }
        guard let made = moment("iat"), made < expected.now + leeway else { throw .token("it is from the future: compare the clocks") }
        guard moment("nbf").map({ $0 < expected.now + leeway }) ?? true else { throw .token("it is not valid yet") }
        guard let nonce = claims["nonce"]?.string, isSame(Array(nonce.utf8), Array(expected.nonce.utf8)) else {
            throw .token("it belongs to another sign-in")
        }
        guard let email = claims["email"]?.string, email.contains("@"), email.utf8.count <= 320 else { throw .noEmail }
        // Some issuers write the word instead of the value.
        guard claims["email_verified"]?.bool ?? (claims["email_verified"]?.string == "true") else { throw .unverifiedEmail }
        return email.lowercased()
    }

    /// A time in seconds since 1970, which may have decimals (RFC 7519 §2).
    private func moment(_ name: String) -> Timestamp? {
        guard let seconds = claims[name]?.double, seconds.magnitude < 1e12 else { return nil }
        return Timestamp(seconds: Int64(seconds))
    }

    private static func json(_ part: Substring) -> JSONValue? {
        guard let bytes = bytes(base64URL: part), let value = try? JSONValue(parsing: bytes), value.object != nil else { return nil }
        return value
    }
}
