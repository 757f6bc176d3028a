import RelayCore

extension DigestDetail {
    /// Under the names that templates use.
    var fields: [String: JSONValue] {
        [
            "name": .string(name), "from": .string(from.description), "until": .string(until.description),
            "headline": .string(headline), "new": .array(new.map(\.json)), "still": .array(still.map(\.json)),
            "recovered": .array(recovered.map(\.json)), "events": .array(events.map(\.json)), "pending": .array(waiting.map(\.json)),
            "days": .array(days.map { ["date": .string($0.date), "failed": .int($0.failed)] }), "told": .int(told),
            "succeeded": .int(succeeded), "resolved": .text(resolved), "rest": .int(rest), "empty": .bool(isEmpty),
            "catch_up": .bool(catchUp),
        ]
    }
}

extension DigestDetail.Failure {
    fileprivate var json: JSONValue {
        [
            "automation": .string(automation), "automation_id": .text(automationID), "account": .text(account), "count": .int(count),
            "before": before.map { .int($0) } ?? .null, "first": .string(first.description), "last": .string(last.description),
            "since": .text(since?.description), "streak": .int(streak), "error": .text(error),
            "errors": .array(errors.map { ["text": .string($0.text), "times": .int($0.count)] }), "other_errors": .int(otherErrors),
            "link": .null, "run_id": .text(runID), "runs": .array(runs.map { ["run_id": .string($0), "link": .null] }),
        ]
    }
}

extension DigestDetail.Item {
    fileprivate var json: JSONValue {
        [
            "id": .string(id), "kind": .string(kind.rawValue), "priority": .string(priority.word), "automation": .text(automation),
            "message": .string(message), "time": .string(occurredAt.description), "link": .null,
            "run_id": .text(runID),
        ]
    }
}

extension DigestDetail.Waiting {
    fileprivate var json: JSONValue {
        [
            "account": .string(account), "approval_id": .string(id), "automation": .text(automation), "action": .string(action),
            "created_at": .text(createdAt?.description), "link": .null, "decide_link": .null,
        ]
    }
}
