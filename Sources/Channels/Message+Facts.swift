import RelayCore

extension Message {
    /// Name and value, one line each, as data: whoever shows them escapes them.
    var facts: [(name: String, value: String)] {
        let origin = event.payload.origin
        let facts = [
            ("Automation", origin.automation), ("Run", origin.runStatus), ("Trigger", origin.trigger), ("Risk", origin.risk),
            ("Time", event.occurredAt.spoken),
        ]
        return facts.compactMap { name, value in
            value.map { $0.oneLine(most: 1_000) }.flatMap { $0.isEmpty ? nil : (name, $0) }
        }
    }

    /// How loud it is, from which account, and by which id it is found again.
    var smallPrint: String {
        let loud = event.priority >= .high ? event.priority.word : nil
        let staging = event.payload.origin.staging ? "staging" : nil
        return [loud, staging, event.account, event.id].compactMap { $0 }.joined(separator: " · ")
    }

    var tone: Tone { Tone(event) }

    /// What a sample says in place of a button.
    static let inertButton = "[Open] would stand here. A sample has no working button."

    /// What stands before everything in a sample, as data; nil where it is none.
    var sampleNote: String? { label.map { link == nil ? $0 : "\($0) \(Self.inertButton)" } }

    /// Where its link buttons lead, the most important first; a sample has none that works.
    ///
    /// - Parameter limit: a longer address is left out, since a part of one leads elsewhere.
    func links(within limit: Limit = Limit(.max, .bytes)) -> [(label: String, url: String)] {
        guard label == nil else { return [] }
        return [("Decide", decideLink), ("Open", link)].compactMap { label, url in
            url.flatMap { limit.size(of: $0) <= limit.most ? (label, $0) : nil }
        }
    }

    /// The one that counts, where there is room for one.
    func mainLink(within limit: Limit = Limit(.max, .bytes)) -> (label: String, url: String)? { links(within: limit).first }

    /// Whether it belongs to the messages about one approval.
    var isOfApproval: Bool {
        switch event.kind {
        case .approval, .decision, .reminder: true
        case .notification, .run, .digest, .relay: false
        }
    }

    /// The title without white space around it, and never empty.
    var shownTitle: String {
        let words = title.trimmed
        return words.isEmpty ? event.kind.rawValue : words
    }
}

/// How a message is coloured where a destination has colours.
enum Tone: Sendable, CaseIterable {
    case quiet, plain, good, waiting, bad, alarm

    init(_ event: Event) {
        self =
            switch (event.payload.detail, event.priority) {
            case (.approval(let detail), _): Tone(detail)
            case (.run(let detail), _) where detail.outcome == .succeeded: .good
            case (.run(let detail), _) where detail.outcome == .cancelled: .quiet
            case (.relay(let detail), _) where detail.over: .good
            case (_, .urgent): .alarm
            case (_, .high): .bad
            case (_, .normal): .plain
            case (_, .low): .quiet
            }
    }

    private init(_ approval: ApprovalDetail) {
        self =
            switch approval.state {
            case .open: approval.overdue == true ? .bad : .waiting
            case .approved: .good
            case .rejected: .bad
            case .closed: .quiet
            }
    }

    /// RGB.
    var colour: Int {
        switch self {
        case .quiet: 0x8A94A0
        case .plain: 0x2F6FB0
        case .good: 0x2E8B57
        case .waiting: 0xD9822B
        case .bad: 0xC0392B
        case .alarm: 0x8E1B1B
        }
    }

    var hex: String {
        let digits = String(colour, radix: 16)
        return "#" + String(repeating: "0", count: 6 - digits.utf8.count) + digits
    }
}

extension Timestamp {
    /// `2026-11-24 09:00 UTC`.
    var spoken: String {
        let text = description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }
}
