import RelayCore
import RelaySupport

extension Secret {
    /// True if the secret is printable ASCII without spaces, so that it can be a token in a header.
    var fitsHeader: Bool { !isEmpty && reveal().utf8.allSatisfy { (33...126).contains($0) } }

    /// The `Authorization` header with a bearer token (RFC 6750 §2.1).
    var asBearer: (name: String, value: Secret) { ("Authorization", Secret("Bearer \(reveal())")) }
}
