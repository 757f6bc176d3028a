import Crypto
package import RelayCore

/// What a person sees of an approval, as one hash: another hash is another version, and deserves to be told.
package enum ShownApproval {
    /// Hex SHA-256 over the class of state, the action, the approver, the time of approval and the reason.
    ///
    /// Left out: whatever changes without a change of what is to be decided (risk, names, trigger, the run's status,
    /// `updated_at`). A time that can be read counts as the moment, not as its spelling.
    package static func shownHash(state: ApprovalDetail.State, _ approval: Approval) -> String {
        let approvedAt = approval.approvedAt.map { $0.moment.map { .int($0.milliseconds) } ?? JSONValue.string($0.text) }
        return hexSHA256([
            .string(state.rawValue), .text(approval.actionSummary), approval.actions ?? .null, .text(approval.approvedByUserID),
            approvedAt ?? .null, .text(approval.rejectionReason),
        ])
    }
}

/// The `Idempotency-Key` of an answer: the same for every try, another after a refusal, since RevKeen replays a final 4xx for 24 h.
/// Source: https://docs.revkeen.com/docs/fundamentals/idempotency
///
/// - Parameters:
///   - verdict: `approve` or `reject`.
///   - round: counts the answers to this approval that RevKeen refused.
package func decisionKey(account: String, approval: String, verdict: String, round: Int) -> String {
    hexSHA256([.string(account), .string(approval), .string(verdict), .int(round)])
}

/// Over the canonical JSON of the parts, so that no two lists of parts read alike.
private func hexSHA256(_ parts: [JSONValue]) -> String {
    var hash = SHA256()
    JSONValue.array(parts).bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hexadecimal(hash.finalize())
}
