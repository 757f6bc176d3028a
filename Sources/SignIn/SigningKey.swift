import Crypto
import CryptoExtras
import FoundationEssentials
import RelaySupport

/// A public key of an issuer, as its key set names it (RFC 7517). Keys of other kinds, and keys that are not for signatures, are none.
struct SigningKey: Sendable {
    private enum Kind: Sendable {
        case rsa(_RSA.Signing.PublicKey)
        case p256(P256.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
    }

    /// Nil if the set gives the key no name.
    let id: String?
    private let kind: Kind

    /// The smallest RSA key that is taken (RFC 7518 §3.3).
    private static let leastBits = 2_048

    /// Nil if the member of the set is no such key.
    init?(_ json: JSONValue) {
        guard json["use"]?.string ?? "sig" == "sig", let type = json["kty"]?.string else { return nil }
        let number = { (name: String) in json[name]?.string.flatMap { bytes(base64URL: $0) } }
        let algorithm: Algorithm
        do {
            switch (type, json["crv"]?.string) {
            case ("RSA", _):
                guard let n = number("n"), let e = number("e") else { return nil }
                let key = try _RSA.Signing.PublicKey(n: Data(n), e: Data(e))
                guard key.keySizeInBits >= Self.leastBits else { return nil }
                (kind, algorithm) = (.rsa(key), .rs256)
            case ("EC", "P-256"):
                guard let x = number("x"), let y = number("y"), x.count == 32, y.count == 32 else { return nil }
                (kind, algorithm) = (.p256(try P256.Signing.PublicKey(rawRepresentation: Data(x + y))), .es256)
            case ("OKP", "Ed25519"):
                guard let x = number("x") else { return nil }
                (kind, algorithm) = (.ed25519(try Curve25519.Signing.PublicKey(rawRepresentation: Data(x))), .edDSA)
            default: return nil
            }
        } catch {
            return nil
        }
        // A key that names an algorithm is used with that one only.
        guard json["alg"]?.string.map({ $0 == algorithm.rawValue }) ?? true else { return nil }
        id = json["kid"]?.string
    }

    /// The algorithms that are taken. `none` and those with a shared secret are not among them.
    enum Algorithm: String, Sendable, CaseIterable {
        case rs256 = "RS256"
        case es256 = "ES256"
        case edDSA = "EdDSA"
    }

    /// Whether the key made the signature by the algorithm. A key of another kind never did.
    func verifies(_ signature: [UInt8], of content: [UInt8], by algorithm: Algorithm) -> Bool {
        switch (kind, algorithm) {
        case (.rsa(let key), .rs256):
            key.isValidSignature(.init(rawRepresentation: Data(signature)), for: SHA256.hash(data: content), padding: .insecurePKCS1v1_5)
        case (.p256(let key), .es256):
            (try? P256.Signing.ECDSASignature(rawRepresentation: Data(signature))).map {
                key.isValidSignature($0, for: SHA256.hash(data: content))
            } ?? false
        case (.ed25519(let key), .edDSA): key.isValidSignature(Data(signature), for: Data(content))
        default: false
        }
    }
}

/// The keys of an issuer.
struct SigningKeys: Sendable {
    private let keys: [SigningKey]

    /// The most keys that are read; issuers have a handful.
    private static let most = 50

    /// Nil if the text is no key set.
    init?(_ json: JSONValue) {
        guard let members = json["keys"]?.array else { return nil }
        keys = members.prefix(Self.most).compactMap(SigningKey.init)
    }

    var isEmpty: Bool { keys.isEmpty }

    /// The keys that a token may be signed with. A token that names no key may be signed with any, and a key without a name may sign any.
    func candidates(named id: String?) -> [SigningKey] {
        guard let id else { return keys }
        return keys.filter { $0.id == nil || $0.id == id }
    }
}
