import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct ListTests {
    /// A client whose automation has `count` runs, one second apart; the returned ids are oldest first.
    private func client(runs count: Int, faults: Faults = Faults()) async -> (Client, [String]) {
        let client = await Client(faults: faults)
        var ids = [client.run]
        for _ in 1..<count {
            client.clock.advance(by: .seconds(1))
            ids.append(await client.world.startRun(of: client.automation))
        }
        return (client, ids)
    }

    private func ids(_ client: Client, _ query: String) async -> [String] {
        (await client.data("/automations/\(client.automation)/runs\(query)")?.array ?? []).compactMap { $0["id"]?.string }
    }

    @Test(arguments: [("", 25), ("?limit=1", 1), ("?limit=100", 40)])
    func `a list holds as many as were asked for`(query: String, count: Int) async {
        let (client, runs) = await client(runs: 40)
        let shown = await ids(client, query)
        #expect(shown.count == count)
        #expect(Set(shown) == Set(runs.suffix(count)))
    }

    @Test(arguments: ["0", "101", "x", "-1"])
    func `a limit outside 1 to 100 is an error`(limit: String) async {
        let answer = await Client().call("GET", "/automations/approvals?limit=\(limit)")
        #expect(answer.status == 400)
        #expect(answer.code == "validation_error")
        #expect(answer.json["error"]?["param"] == "limit")
    }

    @Test func `lists come in no order unless one is asked for`() async {
        var (client, runs) = await client(runs: 20)
        let shuffled = await ids(client, "")
        #expect(shuffled != runs && shuffled != runs.reversed())
        await client.world.arrange { $0.order = .newest }
        #expect(await ids(client, "") == runs.reversed())
        await client.world.arrange { $0.order = .oldest }
        #expect(await ids(client, "") == runs)
        runs.removeFirst(18)
        #expect(await ids(client, "?limit=2") == runs)
    }

    @Test func `an offset brings the first page again unless it is honoured`() async {
        let (client, runs) = await client(runs: 4)
        await client.world.arrange { $0.order = .newest }
        #expect(await ids(client, "?limit=2&offset=2") == runs.suffix(2).reversed())
        await client.world.arrange { $0.ignoreOffset = false }
        #expect(await ids(client, "?limit=2&offset=2") == runs.prefix(2).reversed())
    }

    @Test func `unknown query names are refused only if told`() async {
        let client = await Client()
        #expect(await client.call("GET", "/automations?offset=1").status == 200)
        await client.world.arrange { $0.rejectsUnknownQuery = true }
        #expect(await client.call("GET", "/automations?offset=1").status == 400)
        #expect(await client.call("GET", "/automations?limit=1").status == 200)
    }

    @Test func `a filter compares with the words that are said`() async {
        let client = await Client()
        await client.world.arrange { $0.words = ["pending": "needs_review"] }
        #expect(await client.data("/automations/approvals?status=pending")?.array?.count == 0)
        let shown = await client.data("/automations/approvals?status=needs_review")?.array
        #expect(shown?.first?["status"] == "needs_review")
    }

    @Test(arguments: [
        (Faults.TimeFormat.iso8601, JSONValue.string("2026-11-24T09:00:00.000Z")), (.withoutZone, "2026-11-24T09:00:00"),
        (.unixSeconds, 1_795_510_800), (.unixMilliseconds, 1_795_510_800_000),
    ])
    func `times are written as told`(format: Faults.TimeFormat, expected: JSONValue) async {
        var faults = Faults()
        faults.timeFormat = format
        #expect(await Client(faults: faults).data("/automations")?.array?.first?["created_at"] == expected)
    }
}
