package import RelayCore

/// Reads the priority of a notification, for which RevKeen documents no words.
package struct PriorityWords: Sendable {
    private var priorities: [String: Priority] = [:]

    /// - Parameter extra: words of the configuration; they win over those built in.
    package init(extra: [String: Priority] = [:]) {
        for (priority, words) in Self.builtIn {
            for word in words { priorities[comparable(word)] = priority }
        }
        // In order, so that two spellings of one word do not depend on chance.
        for (word, priority) in extra.sorted(by: { $0.key < $1.key }) { priorities[comparable(word)] = priority }
    }

    /// Normal for a word that is not known, and for none at all; only the first is not `known`.
    package func priority(_ word: String?) -> (priority: Priority, known: Bool) {
        guard let word else { return (.normal, true) }
        guard let priority = priorities[comparable(word)] else { return (.normal, false) }
        return (priority, true)
    }

    /// Bare numbers count as incident levels do, 1 being the loudest (as P1…P5 and SEV1…SEV5).
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
