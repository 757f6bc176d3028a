import RelayCore
import RelaySupport

extension Detail {
    /// The fields of this kind of event, under the names that templates use.
    ///
    /// Durations are seconds, times are RFC 3339 in UTC, and JSON stays JSON. A link is null if no pattern gives one. `decide_link` is
    /// always null here, because it belongs to the message.
    ///
    /// - Parameter moment: when the event occurred. Waiting times are counted up to it, so that every attempt gives the same value.
    func fields(at moment: Timestamp, _ links: LinkPatterns) -> [String: JSONValue] {
        switch self {
        case .notification(let detail): detail.fields
        case .run(let detail): detail.fields
        case .approval(let detail): detail.fields(at: moment)
        case .digest(let detail): detail.fields(links)
        case .relay(let detail): detail.fields
        case .absence(let detail): detail.fields
        }
    }
}

extension NotificationDetail {
    fileprivate var fields: [String: JSONValue] {
        ["type": .text(type), "message": .string(message), "payload": payload ?? .null]
    }
}

extension RunDetail {
    fileprivate var fields: [String: JSONValue] {
        [
            "outcome": .string(outcome.rawValue), "failed": .bool(outcome == .failed), "summary": .text(summary),
            "error": .text(error), "failed_step": .text(failedStep),
            "duration": milliseconds.map { .seconds(.milliseconds($0)) } ?? .null,
            "streak": streak.map { .int($0) } ?? .null, "failing_since": .text(failingSince?.description),
            "recovered_after": (recoveredAfter ?? recovery?.failures).map { .int($0) } ?? .null,
            "recovered_at": .text(recovery?.at.description),
        ]
    }
}

extension ApprovalDetail {
    fileprivate func fields(at moment: Timestamp) -> [String: JSONValue] {
        [
            "state": .string(state.rawValue), "open": .bool(state == .open), "action": .text(action), "actions": actions ?? .null,
            "waiting": createdAt.map { .seconds(max(.zero, $0.duration(to: decidedAt ?? moment))) } ?? .null,
            "actor": .text(actor), "reason": .text(reason), "step": step.map { .int($0) } ?? .null,
            "overdue": .bool(overdue ?? false), "decide_link": .null,
        ]
    }
}

extension RelayDetail {
    fileprivate var fields: [String: JSONValue] {
        ["topic": .string(topic), "about": .string(about), "detail": .string(detail), "over": .bool(over)]
    }
}

extension AbsenceDetail {
    fileprivate var fields: [String: JSONValue] {
        [
            "state": .string(state.rawValue), "open": .bool(state == .open), "expected": .string(expected.rawValue),
            "due": .string(due.description), "counted_from": .string(countedFrom.description),
            "late": late.map { .seconds($0) } ?? .null, "last_seen": .text(lastSeen?.description), "in_a_row": .int(inARow),
            "ending": .text(ending?.rawValue), "step": step.map { .int($0) } ?? .null, "overdue": .bool(overdue ?? false),
        ]
    }
}

extension JSONValue {
    /// Seconds; with three decimal places if they are not whole.
    fileprivate static func seconds(_ duration: Duration) -> JSONValue {
        let (whole, rest) = duration.milliseconds.quotientAndRemainder(dividingBy: 1_000)
        if rest == 0 { return .int(whole) }
        let digits = String(rest.magnitude)
        return .number(
            "\(duration < .zero ? "-" : "")\(whole.magnitude)." + String(repeating: "0", count: 3 - digits.utf8.count) + digits)
    }
}
