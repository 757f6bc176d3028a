import RelayCore
import RelaySupport

extension DigestDetail {
    /// The digest's fields, under the names that templates use.
    func fields(_ links: LinkPatterns) -> [String: JSONValue] {
        [
            "name": .string(name), "from": .string(from.description), "until": .string(until.description),
            "headline": .string(headline), "new": .array(new.map { $0.json(links) }), "still": .array(still.map { $0.json(links) }),
            "recovered": .array(recovered.map { $0.json(links) }), "late": .array(late.map(\.json)),
            "events": .array(events.map { $0.json(links) }),
            "pending": .array(waiting.map { $0.json(links) }),
            "days": .array(days.map { ["date": .string($0.date), "failed": .int($0.failed)] }), "told": .int(told),
            "succeeded": .int(succeeded), "resolved": .text(resolved), "rest": .int(rest), "empty": .bool(isEmpty),
            "catch_up": .bool(catchUp),
        ]
    }
}

extension DigestDetail.Failure {
    fileprivate func json(_ links: LinkPatterns) -> JSONValue {
        [
            "automation": .string(automation), "automation_id": .text(automationID), "account": .text(account), "count": .int(count),
            "before": before.map { .int($0) } ?? .null, "first": .string(first.description), "last": .string(last.description),
            "since": .text(since?.description), "streak": .int(streak), "error": .text(error),
            "errors": .array(errors.map { ["text": .string($0.text), "times": .int($0.count)] }), "other_errors": .int(otherErrors),
            "link": .text(links.link(runID: runID, automationID: automationID)), "run_id": .text(runID),
            "runs": .array(runs.map { ["run_id": .string($0), "link": .text(links.link(runID: $0, automationID: nil))] }),
        ]
    }
}

extension DigestDetail.Late {
    fileprivate var json: JSONValue {
        [
            "id": .string(id), "automation": .string(automation), "account": .text(account), "expected": .string(expected),
            "due": .string(due.description), "in_a_row": .int(inARow),
        ]
    }
}

extension DigestDetail.Item {
    fileprivate func json(_ links: LinkPatterns) -> JSONValue {
        [
            "id": .string(id), "kind": .string(kind.rawValue), "priority": .string(priority.word), "automation": .text(automation),
            "message": .string(message), "time": .string(occurredAt.description),
            "link": .text(links.link(runID: runID, automationID: nil)), "run_id": .text(runID),
        ]
    }
}

extension DigestDetail.Waiting {
    fileprivate func json(_ links: LinkPatterns) -> JSONValue {
        [
            "account": .string(account), "approval_id": .string(id), "automation": .text(automation), "action": .string(action),
            "created_at": .text(createdAt?.description), "link": .text(links.link(approvalID: id, runID: nil, automationID: nil)),
            "decide_link": .null,
        ]
    }
}
