package import RelayCore

/// Reads the priority of a notification.
/// RevKeen documents no words for it.
package struct PriorityWords: Sendable {
    private var priorities: [String: Priority] = [:]

    /// Creates a reader with the built-in words.
    ///
    /// - Parameter extra: words of the configuration; they override the built-in words.
    package init(extra: [String: Priority] = [:]) {
        for (priority, words) in Self.builtIn {
            for word in words { priorities[comparable(word)] = priority }
        }
        // The words are sorted, so that two spellings of one word always give the same result.
        for (word, priority) in extra.sorted(by: { $0.key < $1.key }) { priorities[comparable(word)] = priority }
    }

    /// The priority of a word.
    /// An unknown word and a missing word are both normal, but only the unknown word is not `known`.
    package func priority(_ word: String?) -> (priority: Priority, known: Bool) {
        guard let word else { return (.normal, true) }
        guard let priority = priorities[comparable(word)] else { return (.normal, false) }
        return (priority, true)
    }

    /// The built-in words.
    /// Plain numbers count as incident levels, where 1 is the most urgent (as in P1…P5 and SEV1…SEV5).
    private static let builtIn: [(Priority, [String])] = [
        (.urgent, ["urgent", "critical", "emergency", "fatal", "blocker", "highest", "p0", "p1", "sev0", "sev1", "0", "1"]),
        (.high, ["high", "important", "major", "error", "alert", "p2", "sev2", "2"]),
        (.normal, ["normal", "medium", "moderate", "default", "warning", "warn", "p3", "sev3", "3"]),
        (
            .low,
            ["low", "lowest", "minor", "info", "informational", "notice", "debug", "trivial", "p4", "p5", "sev4", "sev5", "4", "5"]
        ),
    ]
}
