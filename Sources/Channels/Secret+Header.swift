import RelayCore

extension Secret {
    /// Printable ASCII without a space: what a header takes as a token.
    var fitsHeader: Bool { !isEmpty && reveal().utf8.allSatisfy { (33...126).contains($0) } }

    /// The header that shows a token (RFC 6750 §2.1).
    var asBearer: (name: String, value: Secret) { ("Authorization", Secret("Bearer \(reveal())")) }
}
