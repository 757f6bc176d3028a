import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct DecisionTests {
    @Test func `an approval decides once and its run goes on`() async {
        let client = await Client()
        let answer = await client.approve()
        #expect(
            answer.json == [
                "data": ["approval_id": .string(client.approval), "run_id": .string(client.run), "status": "approved"]
            ])
        let listed = await client.data("/automations/approvals")?.array?.first
        #expect(listed?["status"] == "approved")
        #expect(listed?["run_status"] == "running")
        #expect(listed?["approved_at"] == "2026-11-24T09:00:00.000Z")
        #expect(
            await client.world.decisions == [EffectiveDecision(approval: client.approval, choice: .approve, key: "k1", reason: nil)])
    }

    @Test func `a rejection keeps its reason`() async {
        let client = await Client()
        #expect(await client.reject("k", reason: "too much").status == 200)
        let listed = await client.data("/automations/approvals")?.array?.first
        #expect(listed?["status"] == "rejected")
        #expect(listed?["rejection_reason"] == "too much")
        #expect(listed?["approved_at"] == nil)
    }

    @Test func `a second decision is a conflict, whoever was first`() async {
        let client = await Client()
        #expect(await client.world.decide(client.approval, approved: false, reason: "no"))
        let answer = await client.approve()
        #expect(answer.status == 409)
        #expect(answer.code == "conflict")
        #expect(await client.world.decisions.isEmpty)
    }

    @Test func `the same key brings the stored answer and decides nothing again`() async {
        let client = await Client()
        let first = await client.approve("k1")
        let second = await client.approve("k1")
        #expect(second.body == first.body)
        #expect(second.header("Idempotency-Replayed") == "true")
        #expect(first.header("Idempotency-Replayed") == nil)
        #expect(await client.world.decisions.count == 1)
    }

    @Test func `the same key with another body is a conflict`() async {
        let client = await Client()
        _ = await client.reject("k1", reason: "a")
        let answer = await client.reject("k1", reason: "b")
        #expect(answer.status == 409)
        #expect(answer.code == "idempotency_conflict")
    }

    @Test func `a final refusal is stored for a day`() async {
        let client = await Client(
            faults: {
                var faults = Faults(); faults.keyScope = .readOnly; return faults
            }())
        #expect(await client.approve("k0").status == 403)
        await client.world.arrange { $0 = Faults() }
        _ = await client.world.decide(client.approval, approved: true)
        #expect(await client.approve("k1").status == 409)
        #expect(await client.approve("k1").header("Idempotency-Replayed") == "true")
        client.clock.advance(by: .seconds(86_400))
        #expect(await client.approve("k1").header("Idempotency-Replayed") == nil)
    }

    @Test(
        arguments: [("", 400), (LongText(String(repeating: "k", count: 255)), 200), (LongText(String(repeating: "k", count: 256)), 400)]
            as [(LongText, Int)])
    func `a key has 1 to 255 characters`(key: LongText, status: Int) async {
        let key = key.text
        #expect(await Client().approve(key).status == status)
    }

    @Test func `an unknown request is missing and a body that is no object is refused`() async {
        let client = await Client()
        #expect(await client.call("POST", "/automations/approvals/x/approve").status == 404)
        #expect(await client.call("POST", "/automations/approvals/\(client.approval)/reject", body: "[]").status == 400)
    }
}
