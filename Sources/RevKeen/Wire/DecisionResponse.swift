import RelayCore
import RelaySupport
import Transport

/// RevKeen's response to an accepted decision.
/// Any 2xx means accepted, whatever its body is.
package struct DecisionResponse: Sendable, Equatable {
    package var approvalID: String?
    package var runID: String?
    /// The status of the approval or of the run; the documentation does not say which.
    package var status: String?
    /// The response is a stored one, because this `Idempotency-Key` was used before.
    package var replayed: Bool

    package init(approvalID: String? = nil, runID: String? = nil, status: String? = nil, replayed: Bool = false) {
        self.approvalID = approvalID
        self.runID = runID
        self.status = status
        self.replayed = replayed
    }

    init(_ answer: HTTPResponse) {
        let json = try? JSONValue(parsing: answer.body)
        let data = json?["data"] ?? json ?? .null
        self.init(
            approvalID: data.id("approval_id"), runID: data.id("run_id"), status: data.text("status"),
            replayed: answer.header("idempotency-replayed")?.lowercased() == "true")
    }
}
