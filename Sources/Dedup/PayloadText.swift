import FoundationEssentials
import RelayCore
import RelaySupport

/// Reads and writes payloads as the JSON objects that the store keeps.
///
/// This is written by hand, because each message passes here twice and `Codable` costs as much as all of SQLite. Members that are nil are
/// left out, and a member that a later version adds must be optional to read.
enum PayloadText {
    static func write(_ payload: Payload) throws -> String {
        var text = JSONText()
        text.add("staging", payload.origin.staging ? true : nil)
        text.add("automation", payload.origin.automation)
        text.add("automation_id", payload.origin.automationID)
        text.add("risk", payload.origin.risk)
        text.add("trigger", payload.origin.trigger)
        text.add("run_id", payload.origin.runID)
        text.add("run_status", payload.origin.runStatus)
        try text.add(payload.detail)
        return text.object
    }

    /// Reads the payload of an event of a kind; nil if the text is damaged or belongs to another kind.
    static func read(_ text: String, kind: Event.Kind) -> Payload? {
        guard let (members, packed) = members(in: text), let detail = Detail(members, packed), detail.fits(kind) else { return nil }
        return Payload(origin: Origin(members), detail: detail)
    }

    /// The members of a payload. One that is kept packed is not parsed if it is large, because most readers do not need it.
    private static func members(in text: String) -> (values: [String: JSONValue], packed: PackedJSON?)? {
        guard text.utf8.count > 8_192 else {
            return object(in: text).map { ($0, ($0["actions"] ?? $0["payload"]).map { PackedJSON($0) }) }
        }
        let bytes = Array(text.utf8)
        var values: [String: JSONValue] = [:]
        var packed: PackedJSON?
        do {
            let found = try JSONOutline(bytes).members(most: 100)
            guard found.isWhole else { return nil }
            for member in found.parts {
                if member.name == "actions" || member.name == "payload" {
                    packed = PackedJSON(canonical: String(decoding: bytes[member.value], as: UTF8.self))
                } else {
                    values[member.name] = try JSONValue(parsing: bytes, in: member.value, bounds: .stored)
                }
            }
        } catch {
            return nil
        }
        return (values, packed)
    }

    /// The members of a JSON object in the store; nil if the text is not a JSON object.
    static func object(in text: String) -> [String: JSONValue]? {
        do {
            return try JSONValue(parsing: Array(text.utf8), bounds: .stored).object
        } catch {
            return nil
        }
    }

    /// Where a damaged payload came from, as far as it still says so.
    static func origin(in text: String) -> Origin { object(in: text).map(Origin.init) ?? Origin() }

    /// The line that replaces the text of a damaged event.
    static func unreadable(_ id: String) -> String { "(its text cannot be read from the store; see: notify-relay why \(id))" }

    /// The payload of an event whose text retention has emptied. It has only the kind.
    static func emptied(_ kind: Event.Kind) -> Payload {
        switch kind {
        case .notification: Payload(detail: .notification(NotificationDetail(message: gone)))
        case .run: Payload(detail: .run(RunDetail(outcome: .succeeded, summary: gone)))
        case .approval, .decision, .reminder: Payload(detail: .approval(ApprovalDetail(id: "", state: .closed, action: gone)))
        case .digest: Payload(detail: .digest(DigestDetail(name: "", from: .distantPast, until: .distantPast, headline: gone)))
        case .relay: Payload(detail: .relay(RelayDetail(topic: "", about: "", detail: gone)))
        // What was expected and when stands in the event's id.
        case .absence:
            Payload(detail: .absence(AbsenceDetail(state: .closed, expected: .start, due: .distantPast, countedFrom: .distantPast)))
        }
    }

    private static let gone = "(its text is no longer kept)"
}

extension JSONText {
    fileprivate mutating func add(_ detail: Detail) throws {
        switch detail {
        case .notification(let detail):
            add("is", "notification")
            add("type", detail.type)
            add("message", detail.message)
            add("payload", detail.packed)
            add("cut_bytes", detail.cutBytes.map(Int64.init))
        case .run(let detail):
            add("is", "run")
            add("outcome", detail.outcome.rawValue)
            add("summary", detail.summary)
            add("error", detail.error)
            add("failed_step", detail.failedStep)
            add("milliseconds", detail.milliseconds)
            add("streak", detail.streak.map(Int64.init))
            add("failing_since", detail.failingSince?.milliseconds)
            add("recovered_after", detail.recoveredAfter.map(Int64.init))
        case .approval(let detail):
            add(detail)
        case .digest(let detail):
            add("is", "digest")
            add("digest", String(decoding: try JSONEncoder().encode(detail), as: UTF8.self))
        case .relay(let detail):
            add("is", "relay")
            add("topic", detail.topic)
            add("about", detail.about)
            add("detail", detail.detail)
            add("over", detail.over)
        case .absence(let detail):
            add(detail)
        }
    }

    private mutating func add(_ detail: AbsenceDetail) {
        add("is", "absence")
        add("state", detail.state.rawValue)
        add("expected", detail.expected.rawValue)
        add("due", detail.due.milliseconds)
        add("counted_from", detail.countedFrom.milliseconds)
        add("last_seen", detail.lastSeen?.milliseconds)
        add("in_a_row", Int64(detail.inARow))
        add("ending", detail.ending?.rawValue)
        add("happened_at", detail.happenedAt?.milliseconds)
        add("step", detail.step.map(Int64.init))
        add("overdue", detail.overdue)
    }

    private mutating func add(_ detail: ApprovalDetail) {
        add("is", "approval")
        add("id", detail.id)
        add("version", Int64(detail.version))
        add("state", detail.state.rawValue)
        add("action", detail.action)
        add("actions", detail.packed)
        add("cut_bytes", detail.cutBytes.map(Int64.init))
        add("created_at", detail.createdAt?.milliseconds)
        add("actor", detail.actor)
        add("decided_at", detail.decidedAt?.milliseconds)
        add("reason", detail.reason)
        add("step", detail.step.map(Int64.init))
        add("overdue", detail.overdue)
        add("votes", detail.votes)
    }
}

extension Origin {
    fileprivate init(_ members: [String: JSONValue]) {
        self.init(
            staging: members["staging"]?.bool ?? false, automation: members["automation"]?.string,
            automationID: members["automation_id"]?.string, risk: members["risk"]?.string, trigger: members["trigger"]?.string,
            runID: members["run_id"]?.string, runStatus: members["run_status"]?.string)
    }
}

extension Detail {
    fileprivate init?(_ members: [String: JSONValue], _ packed: PackedJSON?) {
        switch members["is"]?.string {
        case "notification":
            let message = members["message"]?.string ?? ""
            var detail = NotificationDetail(type: members["type"]?.string, message: message)
            detail.packed = packed
            detail.cutBytes = members["cut_bytes"]?.int
            self = .notification(detail)
        case "run":
            guard let outcome = members["outcome"]?.string.flatMap(RunDetail.Outcome.init) else { return nil }
            var detail = RunDetail(
                outcome: outcome, summary: members["summary"]?.string, error: members["error"]?.string,
                failedStep: members["failed_step"]?.string, milliseconds: members["milliseconds"]?.int.map(Int64.init))
            detail.streak = members["streak"]?.int
            detail.failingSince = members["failing_since"]?.int.map { Timestamp(milliseconds: Int64($0)) }
            detail.recoveredAfter = members["recovered_after"]?.int
            self = .run(detail)
        case "approval":
            guard var detail = ApprovalDetail(members) else { return nil }
            detail.packed = packed
            self = .approval(detail)
        case "digest":
            guard let text = members["digest"]?.string, let detail = DigestDetail(stored: text) else { return nil }
            self = .digest(detail)
        case "relay":
            self = .relay(
                RelayDetail(
                    topic: members["topic"]?.string ?? "", about: members["about"]?.string ?? "",
                    detail: members["detail"]?.string ?? "", over: members["over"]?.bool ?? false))
        case "absence":
            guard let detail = AbsenceDetail(members) else { return nil }
            self = .absence(detail)
        default: return nil
        }
    }
}

extension AbsenceDetail {
    fileprivate init?(_ members: [String: JSONValue]) {
        let time = { (name: String) in members[name]?.int.map { Timestamp(milliseconds: Int64($0)) } }
        guard let state = members["state"]?.string.flatMap(State.init), let expected = members["expected"]?.string.flatMap(Expected.init),
            let due = time("due"), let countedFrom = time("counted_from")
        else { return nil }
        self.init(
            state: state, expected: expected, due: due, countedFrom: countedFrom, lastSeen: time("last_seen"),
            inARow: members["in_a_row"]?.int ?? 1, ending: members["ending"]?.string.flatMap(Ending.init), happenedAt: time("happened_at"))
        step = members["step"]?.int
        overdue = members["overdue"]?.bool
    }
}

extension Detail {
    /// Whether these details belong to events of the kind.
    fileprivate func fits(_ kind: Event.Kind) -> Bool {
        switch (self, kind) {
        case (.notification, .notification), (.run, .run), (.digest, .digest), (.relay, .relay), (.absence, .absence),
            (.absence, .reminder):
            true
        case (.approval, .approval), (.approval, .decision), (.approval, .reminder): true
        default: false
        }
    }
}

extension DigestDetail {
    /// Nil if the text is damaged.
    fileprivate init?(stored text: String) {
        do {
            self = try JSONDecoder().decode(DigestDetail.self, from: Data(text.utf8))
        } catch {
            return nil
        }
    }
}

extension ApprovalDetail {
    fileprivate init?(_ members: [String: JSONValue]) {
        guard let id = members["id"]?.string, let state = members["state"]?.string.flatMap(State.init) else { return nil }
        let time = { (name: String) in members[name]?.int.map { Timestamp(milliseconds: Int64($0)) } }
        self.init(
            id: id, version: members["version"]?.int ?? 1, state: state, action: members["action"]?.string,
            createdAt: time("created_at"), actor: members["actor"]?.string,
            decidedAt: time("decided_at"), reason: members["reason"]?.string, step: members["step"]?.int,
            overdue: members["overdue"]?.bool)
        votes = members["votes"]?.string
        cutBytes = members["cut_bytes"]?.int
    }
}
