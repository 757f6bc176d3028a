import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

/// A world with one automation, one run and one open request, and a client for it.
struct Client {
    let clock = ManualClock()
    let world: StandInRevKeen
    let automation: String
    let run: String
    let approval: String

    init(faults: Faults = Faults()) async {
        world = StandInRevKeen(clock: clock, seed: 1)
        automation = await world.addAutomation(name: "Refunds", risk: "high", cron: "0 6 * * *", zone: "Europe/London")
        run = await world.startRun(of: automation)
        approval = await world.requestApproval(run: run, action: "Refund", actions: [["amount": "1.00"]])
        await world.arrange { $0 = faults }
    }

    func call(
        _ method: String, _ target: String, key: String? = "rk_sandbox_1", idempotency: String? = nil, body: String = ""
    ) async -> WebResponse {
        var headers: [(name: String, value: String)] = []
        if let key { headers.append(("x-api-key", key)) }
        if let idempotency { headers.append(("Idempotency-Key", idempotency)) }
        return await world.answer(WebRequest(method, target, headers: headers, body: Array(body.utf8)))
    }

    func approve(_ key: String? = "k1") async -> WebResponse {
        await call("POST", "/automations/approvals/\(approval)/approve", idempotency: key)
    }

    func reject(_ key: String, reason: String) async -> WebResponse {
        await call(
            "POST", "/automations/approvals/\(approval)/reject", idempotency: key,
            body: JSONValue.object(["reason": .string(reason)]).text)
    }

    func data(_ target: String) async -> JSONValue? { await call("GET", target).json["data"] }
}

extension WebResponse {
    var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
    var code: String? { json["error"]?["code"]?.string }
}

struct StandInTests {
    @Test(arguments: [
        ("GET", "/automations", "", 200, "automations_list"),
        ("POST", "/automations", #"{"name":"A","objective":"B"}"#, 201, "automations_create"),
        ("GET", "/automations/{a}", "", 200, "automations_get"),
        ("GET", "/automations/{a}/runs?limit=1&status=waiting_for_approval", "", 200, "automations_runs_list"),
        ("POST", "/automations/{a}/runs", #"{"trigger_payload":1}"#, 202, "automations_run"),
        ("GET", "/automations/{a}/runs/{r}", "", 200, "automations_runs_get"),
        ("GET", "/automations/approvals", "", 200, "automations_approvals_list"),
        ("POST", "/automations/approvals/{p}/approve", "", 200, "automations_approve"),
        ("POST", "/automations/approvals/{p}/reject", #"{"reason":"no"}"#, 200, "automations_reject"),
    ])
    func `every operation answers and is counted`(method: String, path: String, body: String, status: Int, name: String) async {
        let client = await Client()
        var target = path
        for (hole, id) in [("{a}", client.automation), ("{r}", client.run), ("{p}", client.approval)] {
            target = target.split(separator: hole, omittingEmptySubsequences: false).joined(separator: id)
        }
        let answer = await client.call(method, target, body: body)
        #expect(answer.status == status)
        #expect(answer.json["data"] != nil)
        #expect(await client.world.requestLog.counts == [name: 1])
    }

    @Test(arguments: [nil, "", "sk_live_1"])
    func `a key of another kind is refused`(key: String?) async {
        let answer = await Client().call("GET", "/automations", key: key)
        #expect(answer.status == 401)
        #expect(answer.code == "invalid_api_key")
        #expect(answer.header("WWW-Authenticate") != nil)
    }

    @Test func `every answer bears the version and the clock's date`() async {
        let client = await Client()
        let answer = await client.call("GET", "/nowhere")
        #expect(answer.status == 404)
        #expect(answer.code == "resource_missing")
        #expect(answer.header("RevKeen-Version") == "2026-05-01")
        #expect(answer.header("Date") == "Tue, 24 Nov 2026 09:00:00 GMT")
    }

    @Test func `a run's detail holds steps, approvals and notifications`() async throws {
        let client = await Client()
        let notification = await client.world.notify(run: client.run, priority: "urgent", type: "alarm", message: "Look")
        await client.world.finishRun(client.run, outcome: .failed, error: "boom", failedStep: "Pay")
        let run = try #require(await client.data("/automations/\(client.automation)/runs/\(client.run)"))
        #expect(run["status"] == "failed")
        #expect(run["completed_at"] == "2026-11-24T09:00:00.000Z")
        #expect(run["automation"]?["risk_profile"] == "high")
        #expect(run["steps"]?.array?.last?["name"] == "Pay")
        #expect(run["approvals"]?.array?.first?["id"] == .string(client.approval))
        #expect(run["notifications"]?.array?.first?["id"] == .string(notification))
        #expect(run["notifications"]?.array?.first?["priority"] == "urgent")
    }

    @Test func `a run is not found under another automation`() async {
        let client = await Client()
        let other = await client.world.addAutomation(name: "Other")
        #expect(await client.call("GET", "/automations/\(other)/runs/\(client.run)").status == 404)
    }

    @Test func `the same seed gives the same ids`() async {
        let (one, two) = (await Client(), await Client())
        #expect(one.approval == two.approval)
        #expect(one.approval != one.run)
    }

    @Test func `what is asked for can change while it is open`() async {
        let client = await Client()
        await client.world.changeApproval(client.approval, action: "Refund less", actions: [])
        #expect(await client.data("/automations/approvals")?.array?.first?["action_summary"] == "Refund less")
    }

    @Test func `a vanished automation is missing and its approvals stay listed`() async {
        let client = await Client()
        await client.world.removeAutomation(client.automation)
        #expect(await client.call("GET", "/automations/\(client.automation)/runs").status == 404)
        #expect(await client.data("/automations/approvals")?.array?.count == 1)
    }

    @Test func `old finished runs are forgotten with their approvals`() async {
        let client = await Client()
        await client.world.decide(client.approval, approved: true)
        await client.world.finishRun(client.run, outcome: .succeeded)
        let newer = await client.world.startRun(of: client.automation)
        await client.world.forgetRuns(keeping: 1)
        #expect(await client.data("/automations/\(client.automation)/runs")?.array?.compactMap { $0["id"]?.string } == [newer])
        #expect(await client.data("/automations/approvals")?.array?.isEmpty == true)
    }
}
