import RelayCore
import RelaySupport

extension Message {
    /// Facts as name and value, one line each. They are not escaped; the channel escapes them for its dialect.
    var facts: [(name: String, value: String)] {
        let origin = event.payload.origin
        let facts = [
            ("Automation", origin.automation), ("Run", origin.runStatus), ("Trigger", origin.trigger), ("Risk", origin.risk),
            ("Time", event.occurredAt.spoken), ("Type", event.payload.detail.notificationType),
        ]
        return facts.compactMap { name, value in
            value.map { $0.oneLine(most: 1_000) }.flatMap { $0.isEmpty ? nil : (name, $0) }
        }
    }

    /// The last line of a message: priority if high or urgent, staging, the account, and the event id.
    var smallPrint: String {
        let loud = event.priority >= .high ? event.priority.word : nil
        let staging = event.payload.origin.staging ? "staging" : nil
        return [loud, staging, event.account, event.id].compactMap { $0 }.joined(separator: " · ")
    }

    var tone: Tone { Tone(event) }

    /// What a sample shows in place of a button.
    static let inertButton = "[Open] would stand here. A sample has no working button."

    /// The text before everything else in a sample, not escaped; nil if the message is no sample.
    var sampleNote: String? { label.map { link == nil ? $0 : "\($0) \(Self.inertButton)" } }

    /// The targets of link buttons, most important first. A sample has none.
    ///
    /// - Parameter limit: a longer address is left out, because part of an address leads elsewhere.
    func links(within limit: Limit = Limit(.max, .bytes)) -> [(label: String, url: String)] {
        guard label == nil else { return [] }
        return [("Decide", decideLink), ("Open", link)].compactMap { label, url in
            url.flatMap { limit.size(of: $0) <= limit.most ? (label, $0) : nil }
        }
    }

    /// The most important link, for places with room for only one.
    func mainLink(within limit: Limit = Limit(.max, .bytes)) -> (label: String, url: String)? { links(within: limit).first }

    /// True for every message about an approval: the request, its reminders and its decision.
    var isOfApproval: Bool {
        switch (event.kind, event.payload.detail) {
        case (.reminder, .absence): false
        case (.approval, _), (.decision, _), (.reminder, _): true
        case (.notification, _), (.run, _), (.digest, _), (.relay, _), (.absence, _): false
        }
    }

    /// The title without surrounding white space; never empty.
    var shownTitle: String {
        let words = title.trimmed
        return words.isEmpty ? event.kind.rawValue : words
    }
}

extension Detail {
    /// RevKeen's own word for a notification, such as `card_testing`. It comes last, because it says least to people.
    fileprivate var notificationType: String? {
        if case .notification(let detail) = self { detail.type } else { nil }
    }
}

/// The colour of a message, for destinations that have colours.
enum Tone: Sendable, CaseIterable {
    case quiet, plain, good, waiting, bad, alarm

    init(_ event: Event) {
        self =
            switch (event.payload.detail, event.priority) {
            case (.approval(let detail), _): Tone(detail)
            case (.run(let detail), _) where detail.outcome == .succeeded || detail.recovery != nil: .good
            case (.run(let detail), _) where detail.outcome == .cancelled: .quiet
            case (.relay(let detail), _) where detail.over: .good
            case (.absence(let detail), _) where detail.state == .closed: detail.ending == .happened ? .good : .quiet
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

    /// The colour as 0xRRGGBB.
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
    /// Such as `2026-11-24 09:00 UTC`.
    var spoken: String {
        let text = description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }
}
