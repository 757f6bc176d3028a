import RelayCore
import RelaySupport

extension Event {
    /// Reads the document that a webhook gets (`{"type", "timestamp", "data"}`) back into an event, as far as the document holds it. Nil if
    /// it is no such document. Its source is not trusted, so invalid texts are repaired.
    init?(document: JSONValue, seenAt now: Timestamp) {
        guard let kind = document["type"]?.string.flatMap(Kind.init), let data = document["data"], data.object != nil else { return nil }
        let occurredAt = document["timestamp"]?.string.flatMap(Timestamp.init(text:)) ?? now
        let id = data.words("id") ?? "preview/\(kind.rawValue)"
        self.init(
            id: id, account: data.words("account"), kind: kind, subject: id,
            priority: data["priority"]?.string.flatMap(Priority.init(word:)) ?? .normal, occurredAt: occurredAt, seenAt: now,
            payload: Payload(origin: Origin(data), detail: Detail(kind, data[kind.rawValue] ?? .null, at: occurredAt)))
    }
}

extension JSONValue {
    fileprivate func words(_ name: String) -> String? { self[name]?.string?.repaired() }
    fileprivate func moment(_ name: String) -> Timestamp? { self[name]?.string.flatMap(Timestamp.init(text:)) }
    fileprivate func seconds(_ name: String) -> Duration? {
        guard case .number(let text)? = self[name], let seconds = Double(text), abs(seconds) < 1e9 else { return nil }
        return .seconds(seconds)
    }
    fileprivate func value(_ name: String) -> JSONValue? { self[name].flatMap { $0 == .null ? nil : $0 } }
}

extension Origin {
    fileprivate init(_ data: JSONValue) {
        let automation = data["automation"] ?? .null, run = data["run"] ?? .null
        self.init(
            automation: automation.words("name"), automationID: automation.words("id"), risk: automation.words("risk"),
            runID: run.words("id"), runStatus: run.words("status"))
    }
}

extension Detail {
    fileprivate init(_ kind: Event.Kind, _ fields: JSONValue, at moment: Timestamp) {
        switch kind {
        case .notification:
            self = .notification(
                NotificationDetail(
                    type: fields.words("type"), message: fields.words("message") ?? "", payload: fields.value("payload")))
        case .run:
            var run = RunDetail(
                outcome: fields["outcome"]?.string.flatMap(RunDetail.Outcome.init) ?? .succeeded, summary: fields.words("summary"),
                error: fields.words("error"), failedStep: fields.words("failed_step"),
                milliseconds: fields.seconds("duration")?.milliseconds)
            run.streak = fields["streak"]?.int
            run.failingSince = fields.words("failing_since").flatMap { Timestamp(text: $0) }
            if let at = fields.moment("recovered_at"), let failures = fields["recovered_after"]?.int {
                run.recovery = RunDetail.Recovery(at: at, failures: failures)
            } else {
                run.recoveredAfter = fields["recovered_after"]?.int
            }
            self = .run(run)
        case .approval, .decision: self = .approval(ApprovalDetail(fields, at: moment))
        case .reminder:
            let isOfAbsence = fields["expected"] != nil
            self = isOfAbsence ? .absence(AbsenceDetail(fields, at: moment)) : .approval(ApprovalDetail(fields, at: moment))
        case .digest: self = .digest(DigestDetail(fields, at: moment))
        case .absence: self = .absence(AbsenceDetail(fields, at: moment))
        case .relay:
            self = .relay(
                RelayDetail(
                    topic: fields.words("topic") ?? "", about: fields.words("about") ?? "", detail: fields.words("detail") ?? "",
                    over: fields["over"]?.bool ?? false))
        }
    }
}

extension AbsenceDetail {
    fileprivate init(_ fields: JSONValue, at moment: Timestamp) {
        let state = fields["state"]?.string.flatMap(State.init) ?? .open
        let expected = fields["expected"]?.string.flatMap(Expected.init) ?? .start
        let due = fields.moment("due") ?? moment, countedFrom = fields.moment("counted_from") ?? moment
        self.init(
            state: state, expected: expected, due: due, countedFrom: countedFrom, lastSeen: fields.moment("last_seen"),
            inARow: fields["in_a_row"]?.int ?? 1, ending: fields["ending"]?.string.flatMap(Ending.init),
            happenedAt: fields.seconds("late").map { (expected == .start ? countedFrom : due) + $0 })
        step = fields["step"]?.int
        overdue = fields["overdue"]?.bool
    }
}

extension ApprovalDetail {
    fileprivate init(_ fields: JSONValue, at moment: Timestamp) {
        let state = fields["state"]?.string.flatMap(State.init) ?? .open
        self.init(
            id: fields.words("id") ?? "", state: state, action: fields.words("action"), actions: fields.value("actions"),
            createdAt: fields.seconds("waiting").map { moment - $0 }, actor: fields.words("actor"),
            decidedAt: state == .open ? nil : moment, reason: fields.words("reason"), step: fields["step"]?.int,
            overdue: fields["overdue"]?.bool)
    }
}

extension DigestDetail {
    fileprivate init(_ fields: JSONValue, at moment: Timestamp) {
        let events = (fields["events"]?.array ?? []).prefix(1_000).map { item in
            Item(
                id: item.words("id") ?? "", kind: item["kind"]?.string.flatMap(Event.Kind.init) ?? .notification,
                priority: item["priority"]?.string.flatMap(Priority.init(word:)) ?? .normal, automation: item.words("automation"),
                message: item.words("message") ?? "", occurredAt: item.moment("time") ?? moment, runID: item.words("run_id"))
        }
        self.init(
            name: fields.words("name") ?? "", from: fields.moment("from") ?? moment, until: fields.moment("until") ?? moment,
            headline: fields.words("headline") ?? "", events: events, catchUp: fields["catch_up"]?.bool ?? false)
        let failures = { (name: String) in (fields[name]?.array ?? []).prefix(1_000).map { Failure(document: $0, at: moment) } }
        (new, still, recovered) = (failures("new"), failures("still"), failures("recovered"))
        waiting = (fields["pending"]?.array ?? []).prefix(1_000).map { Waiting(document: $0) }
        late = (fields["late"]?.array ?? []).prefix(1_000).map { Late(document: $0, at: moment) }
        days = (fields["days"]?.array ?? []).prefix(100).map {
            Day(date: $0.words("date") ?? "", failed: min(max(0, $0["failed"]?.int ?? 0), 1_000_000_000))
        }
        (told, succeeded, rest) = (fields["told"]?.int ?? 0, fields["succeeded"]?.int ?? 0, fields["rest"]?.int ?? 0)
        resolved = fields.words("resolved")
    }
}

extension DigestDetail.Late {
    fileprivate init(document fields: JSONValue, at moment: Timestamp) {
        self.init(
            id: fields.words("id") ?? "", automation: fields.words("automation") ?? "", account: fields.words("account"),
            expected: fields.words("expected") ?? "", due: fields.moment("due") ?? moment, inARow: fields["in_a_row"]?.int ?? 1)
    }
}

extension DigestDetail.Failure {
    fileprivate init(document fields: JSONValue, at moment: Timestamp) {
        self.init(
            automation: fields.words("automation") ?? "", count: fields["count"]?.int ?? 0, first: fields.moment("first") ?? moment,
            last: fields.moment("last") ?? moment, streak: fields["streak"]?.int ?? 0, error: fields.words("error"),
            runID: fields.words("run_id"))
        automationID = fields.words("automation_id")
        account = fields.words("account")
        before = fields["before"]?.int
        since = fields.moment("since")
        otherErrors = fields["other_errors"]?.int ?? 0
        errors = (fields["errors"]?.array ?? []).prefix(100).map {
            DigestDetail.Reason(text: $0.words("text") ?? "", count: $0["times"]?.int ?? 0)
        }
        runs = (fields["runs"]?.array ?? []).prefix(100).compactMap { $0.words("run_id") }
    }
}

extension DigestDetail.Waiting {
    fileprivate init(document fields: JSONValue) {
        self.init(
            account: fields.words("account") ?? "", id: fields.words("approval_id") ?? "", automation: fields.words("automation"),
            action: fields.words("action") ?? "", createdAt: fields.moment("created_at"))
    }
}
