import RelaySupport

/// Remembers what was said about destinations, so that it is said once until the program ends. It is bounded; what does not fit is not said.
final class SaidOnce: Sendable {
    private static let most = 2_000

    private let said = Locked<Set<String>>([])

    /// Whether a text about a destination was not said before.
    func isNew(_ destination: String, _ text: String) -> Bool {
        said.withLock { said in
            said.count < Self.most && said.insert("\(destination)\n\(text)").inserted
        }
    }
}
