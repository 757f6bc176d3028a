import RelayCore

/// A digest's summary in one sentence: `3 automations newly failing, 1 still failing, 2 recovered`.
package struct DigestHeadline: Sendable {
    var new: Int
    var still: Int
    var recovered: Int
    var late = 0
    var events: [Event.Kind: Int]
    var waiting: Int
    var told: Int
    var succeeded: Int
    /// The digest before cannot be read from the store, so the days before this one are not known.
    var isLastUnreadable = false

    var text: String {
        isLastUnreadable ? "\(summary) (the digest before cannot be read from the store; its days are missing here)" : summary
    }

    private var summary: String {
        var parts = failures
        for kind in Event.Kind.allCases { if let count = events[kind] { parts.append(Self.counted(count, Self.noun(kind))) } }
        if waiting > 0 { parts.append("\(Self.counted(waiting, "approval")) \(waiting == 1 ? "waits" : "wait")") }
        if parts.isEmpty, succeeded > 0 { return "Nothing failed, \(Self.counted(succeeded, "run")) succeeded" }
        if parts.isEmpty, told > 0 { return "Nothing new, \(told) told at once" }
        return parts.isEmpty ? "Nothing failed" : parts.joined(separator: ", ")
    }

    /// The counts of automations; only the first one has the noun.
    private var failures: [String] {
        let counts = [(new, "newly failing"), (still, "still failing"), (recovered, "recovered"), (late, "late")].filter { $0.0 > 0 }
        return counts.enumerated().map { index, part in
            index == 0 ? "\(Self.counted(part.0, "automation")) \(part.1)" : "\(part.0) \(part.1)"
        }
    }

    private static func noun(_ kind: Event.Kind) -> String {
        switch kind {
        case .run: "cancelled run"
        case .relay: "report of the relay"
        case .approval: "request"
        case .absence: "end of an absence"
        case .notification, .decision, .reminder, .digest: kind.rawValue
        }
    }

    /// The count with its noun in singular or plural.
    package static func counted(_ count: Int, _ noun: String) -> String {
        if count == 1 { return "1 \(noun)" }
        return noun == "report of the relay" ? "\(count) reports of the relay" : "\(count) \(noun)s"
    }
}
