import RelayCore
import RelaySupport
import RelayTesting
import RevKeen
import Testing

struct ShownApprovalTests {
    private static let base = #"{"action_summary":"Refund","actions_json":{"b":1,"a":[2]},"approved_at":"2026-01-01T00:00:00Z"}"#

    private func hash(_ text: String, _ state: ApprovalDetail.State = .open) throws -> String {
        ShownApproval.shownHash(state: state, try approval(text))
    }

    @Test func `the hash is for ever`() throws {
        // This is the SHA-256 of ["open","Refund",{"a":[2],"b":1},null,1767225600000,null].
        #expect(try hash(Self.base) == "96b306be78049cceb0e1451def96002b2ace57dd678ea52f39ca31480e5bc253")
    }

    @Test(
        arguments: [
            #"{"action_summary":"Refund","actions_json":{"a":[2],"b":1},"approved_at":"2026-01-01T01:00:00+01:00"}"#,
            """
            {"action_summary":"Refund","actions_json":{"b":1,"a":[2]},"approved_at":"2026-01-01","updated_at":"2026-02-02",
            "run_status":"x","automation_name":"n","trigger_source":"t","status":"waiting"}
            """,
        ] as [LongText])
    func `what does not change the decision does not change the hash`(text: LongText) throws {
        let text = text.text
        #expect(try hash(text) == hash(Self.base))
    }

    @Test(
        arguments: [
            #"{"action_summary":"Refund!","actions_json":{"b":1,"a":[2]},"approved_at":"2026-01-01T00:00:00Z"}"#,
            #"{"action_summary":"Refund","actions_json":{"b":1,"a":[3]},"approved_at":"2026-01-01T00:00:00Z"}"#,
            #"{"action_summary":"Refund","approved_at":"2026-01-01T00:00:00Z"}"#,
            #"{"action_summary":"Refund","actions_json":{"b":1,"a":[2]},"approved_at":"2026-01-01T00:00:01Z"}"#,
            #"{"action_summary":"Refund","actions_json":{"b":1,"a":[2]},"approved_at":"2026-01-01","approved_by_user_id":"u"}"#,
            #"{"action_summary":"Refund","actions_json":{"b":1,"a":[2]},"approved_at":"2026-01-01T00:00:00Z","rejection_reason":"u"}"#,
        ] as [LongText])
    func `what changes the decision changes the hash`(text: LongText) throws {
        let text = text.text
        #expect(try hash(text) != hash(Self.base))
    }

    @Test func `each class of state has its own hash`() throws {
        #expect(Set(try ApprovalDetail.State.allCases.map { try hash(Self.base, $0) }).count == ApprovalDetail.State.allCases.count)
    }

    @Test func `a decision's key tells its four parts apart`() {
        let keys = [
            decisionKey(account: "live", approval: "a", choice: "approve", round: 1),
            decisionKey(account: "live", approval: "a", choice: "approve", round: 2),
            decisionKey(account: "live", approval: "a", choice: "reject", round: 1),
            decisionKey(account: "live", approval: "b", choice: "approve", round: 1),
            decisionKey(account: "livea", approval: "", choice: "approve", round: 1),
        ]
        #expect(Set(keys).count == keys.count)
        // This is the SHA-256 of ["live","a","approve",1].
        #expect(keys[0] == "c7bc5482aedfab37550809213598fd00a891e1ffedc679b2bd864daeb03e3f3f")
    }
}
