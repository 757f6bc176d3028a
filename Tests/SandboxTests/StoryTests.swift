import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct StoryTests {
    private let clock = ManualClock()
    private let world: StandInRevKeen

    init() { world = StandInRevKeen(clock: clock, seed: 3) }

    @Test func `the opening is there at once, and then something happens every few seconds until it is cancelled`() async throws {
        let playing = Task { [clock, world] in try await Story().play(in: world, clock: clock) }
        #expect(await clock.settle { clock.sleeperCount == 1 })
        #expect(Set(await notifications().compactMap { $0["priority"]?.string }) == ["low", "normal", "high", "urgent"])
        #expect(await runs().contains { $0["error_message"] != nil })
        #expect(await list("/automations/approvals").map { $0["status"] } == ["pending"])

        var seen = await snapshot()
        for beat in 0..<20 {
            clock.advance(by: .seconds(4))
            #expect(await clock.settle { clock.sleeperCount == 1 })
            let now = await snapshot()
            let isChanged = now != seen
            #expect(isChanged, "nothing happened in beat \(beat)")
            seen = now
        }
        let states = Set(await list("/automations/approvals?limit=100").compactMap { $0["status"]?.string })
        #expect(states.isSuperset(of: ["approved", "pending"]))
        playing.cancel()
        await #expect(throws: CancellationError.self) { try await playing.value }
    }

    @Test func `a run goes on when its request is decided through the API`() async throws {
        let playing = Task { [clock, world] in try await Story().play(in: world, clock: clock) }
        #expect(await clock.settle { clock.sleeperCount == 1 })
        let approval = try #require(await list("/automations/approvals").first)
        let id = try #require(approval["id"]?.string)
        let answer = await world.answer(WebRequest("POST", "/automations/approvals/\(id)/approve", headers: [("x-api-key", "rk_1")]))
        #expect(answer.status == 200)
        clock.advance(by: .seconds(4))
        #expect(await clock.settle { clock.sleeperCount == 1 })
        #expect(await runs().contains { $0["id"] == approval["run_id"] && $0["status"] == "succeeded" })
        playing.cancel()
        _ = await playing.result
    }

    private func list(_ target: String) async -> [JSONValue] {
        await world.answer(WebRequest("GET", target, headers: [("x-api-key", "rk_1")])).json["data"]?.array ?? []
    }

    private func details() async -> [JSONValue] {
        var found: [JSONValue] = []
        for automation in await list("/automations").compactMap({ $0["id"]?.string }) {
            for run in await list("/automations/\(automation)/runs?limit=100").compactMap({ $0["id"]?.string }) {
                let request = WebRequest("GET", "/automations/\(automation)/runs/\(run)", headers: [("x-api-key", "rk_1")])
                if let detail = await world.answer(request).json["data"] { found.append(detail) }
            }
        }
        return found.sorted { ($0["id"]?.string ?? "") < ($1["id"]?.string ?? "") }
    }

    private func runs() async -> [JSONValue] { await details() }

    private func notifications() async -> [JSONValue] { await details().flatMap { $0["notifications"]?.array ?? [] } }

    /// Everything that one beat can change.
    private func snapshot() async -> Set<String> {
        let runs = await world.runs.values.map { "\($0.id) \($0.status) \($0.notifications.count)" }
        return Set(runs + (await world.approvals.values.map { "\($0.id) \($0.status) \($0.action)" }))
    }
}
