import Crypto
package import RelayCore
import RelaySupport

/// Hashes what a person sees of an approval.
/// A different hash is a new version, which must be sent.
package enum ShownApproval {
    /// The hex SHA-256 of the state, the action, the approver, the time of approval and the reason.
    ///
    /// It leaves out everything that can change without changing what is to be decided (risk, names, trigger, the run's status,
    /// `updated_at`). A readable time counts by its moment, not by its spelling.
    package static func shownHash(state: ApprovalDetail.State, _ approval: Approval) -> String {
        let approvedAt = approval.approvedAt.map { $0.moment.map { .int($0.milliseconds) } ?? JSONValue.string($0.text) }
        var parts = [
            JSONValue.string(state.rawValue).text, JSONValue.text(approval.actionSummary).text,
            approval.packed?.text ?? JSONValue.null.text,
            JSONValue.text(approval.approvedByUserID).text, (approvedAt ?? .null).text, JSONValue.text(approval.rejectionReason).text,
        ]
        // Cut fields count as a whole. A seventh part cannot be mistaken for what is shown of an approval without one.
        if !approval.cut.isEmpty { parts.append(JSONValue.object(approval.cut.mapValues { .string($0.hash) }).text) }
        return hexSHA256("[\(parts.joined(separator: ","))]")
    }
}

/// The idempotency key of an answer, sent as `Idempotency-Key`.
/// It is the same on every try. The next answer has another one, because RevKeen replays a final 4xx for 24 h.
/// Source: https://docs.revkeen.com/docs/fundamentals/idempotency
///
/// - Parameters:
///   - choice: `approve` or `reject`.
///   - round: the number of this answer among the answers to the approval, from 1.
package func decisionKey(account: String, approval: String, choice: String, round: Int) -> String {
    hexSHA256(JSONValue.array([.string(account), .string(approval), .string(choice), .int(round)]).text)
}

/// Hashes the canonical JSON of a list, so that two different lists never give the same input.
private func hexSHA256(_ list: String) -> String {
    var hash = SHA256()
    hash.update(data: Array(list.utf8))
    return hexadecimal(hash.finalize())
}
