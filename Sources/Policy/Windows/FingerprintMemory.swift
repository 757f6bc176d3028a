import RelaySupport

/// Remembers the masked form of recent error texts, because most errors of a storm are identical.
struct FingerprintMemory {
    /// At this number of texts, the memory is emptied.
    private static let most = 500
    private var known: [String: String] = [:]

    /// The error's text with numbers, ids and the like masked.
    mutating func of(_ error: String) -> String {
        if let kind = known[error] { return kind }
        let kind = ErrorFingerprint.mask(error)
        if known.count >= Self.most { known.removeAll(keepingCapacity: true) }
        known[error] = kind
        return kind
    }
}
