import RelayCore
import RelaySupport
import Sandbox
import Testing

@testable import NotifyRelay

/// `probe`, against the stand-in RevKeen.
struct ProbeCommandTests {
    @Test func `it says words, order, paging and limit of each account, in the promised shape`() async throws {
        try await Stage.with { stage in
            await stage.world.arrange {
                $0.order = .newest
                $0.rateLimitPerMinute = 90
                $0.words = ["pending": "needs_review"]
            }
            await stage.notify(priority: "P2")
            // Two items with the same time would show no order.
            let first = SystemClock().now
            #expect(await comesTrue { SystemClock().now > first })
            await stage.ask()
            let probe = try await stage.relay("probe", "--json")
            #expect(probe.status == 0)
            let profiles = try #require(try probe.json.array)
            #expect(profiles.count == 1)
            #expect(profiles[0].keys == ["account", "words", "order", "paging", "limit", "expect"])
            #expect(profiles[0]["account"] == "a")
            #expect(profiles[0]["limit"] == 90)
            #expect(profiles[0]["words"]?["approval.status"] == ["needs_review"])
            #expect(profiles[0]["paging"]?.array != nil)
            #expect(profiles[0]["order"]?.keys.isSubset(of: ["approvals", "automations", "runs"]) == true)
            #expect(profiles[0]["order"]?["runs"] == "newest")
        }
    }

    @Test func `an account that does not answer is 69`() async throws {
        try await Stage.with { stage in
            await stage.world.arrange { $0.unavailable = 503 }
            let probe = try await stage.relay("probe", "--json")
            #expect(probe.status == 69)
            #expect(probe.out.isEmpty && probe.err.contains("account a: "), "\(probe.all)")
        }
    }

    @Test func `an account that is not in the file is 66`() async throws {
        try await Stage.with { stage in
            let probe = try await stage.relay("probe", "b")
            #expect(probe.status == 66)
            #expect(probe.err.contains("'b'"))
        }
    }
}
