import RelayCore
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Hot looks at approvals, and the filter that they may trust (design 17).
struct ApprovalsFeedTests {
    private func house(_ arrange: @Sendable @escaping (inout Faults) -> Void = { _ in }) async throws -> (House, run: String) {
        let house = try await House()
        await house.world.arrange(arrange)
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        // Two decided ones show the order of the list.
        for _ in 0..<2 {
            house.clock.advance(by: .seconds(1))
            await house.world.decide(house.world.requestApproval(run: run, action: "Refund?"), approved: true)
        }
        house.clock.advance(by: .seconds(1))
        try await house.look()
        return (house, run)
    }

    /// The queries of one look after some time.
    private func look(_ house: House, after wait: Duration = .seconds(3)) async throws -> [String] {
        house.clock.advance(by: wait)
        let before = queries(house).count
        let isGood = try await house.poller().approvals.look()
        #expect(isGood)
        return Array(queries(house).dropFirst(before))
    }

    private func queries(_ house: House) -> [String] { house.transport.asks { $0.path.hasSuffix("/approvals") }.map(\.query) }

    private func request(_ run: String, _ house: House, _ count: Int = 1) async -> [String] {
        var ids: [String] = []
        for number in 0..<count {
            house.clock.advance(by: .milliseconds(1))
            ids.append(await house.world.requestApproval(run: run, action: "Refund \(number)"))
        }
        return ids
    }

    @Test func `a hot look asks for what is pending, and each 30 s for all`() async throws {
        let (house, run) = try await house()
        _ = await request(run, house)
        #expect(try await look(house) == ["limit=25"], "nothing was open, so nothing is known of the filter")
        #expect(try await look(house) == ["limit=100", "limit=100&status=pending"], "the filter is compared with the whole list")
        for _ in 0..<9 { #expect(try await look(house) == ["limit=25&status=pending"]) }
        #expect(try await look(house) == ["limit=100"], "it has the same bytes, so nothing is compared")
        #expect(try await house.told(.approval).count == 1)
    }

    @Test func `a request is told at the next look, whatever the filter does`() async throws {
        let ways: [@Sendable (inout Faults) -> Void] = [
            { _ in }, { $0.words = ["pending": "needs_review"] }, { $0.rejectsUnknownQuery = true }, { $0.order = .oldest },
            { $0.order = .shuffled },
        ]
        for (number, way) in ways.enumerated() {
            let (house, run) = try await house(way)
            for count in 1...40 {
                _ = await request(run, house)
                _ = try await look(house)
                #expect(try await house.told(.approval).count == count, "way \(number)")
            }
        }
    }

    @Test func `a decision is told at the next look, whatever the filter does`() async throws {
        let ways: [@Sendable (inout Faults) -> Void] = [
            { _ in }, { $0.words = ["pending": "needs_review"] }, { $0.rejectsUnknownQuery = true }, { $0.order = .oldest },
        ]
        for (number, way) in ways.enumerated() {
            let (house, run) = try await house(way)
            let approvals = await request(run, house, 10)
            _ = try await look(house)
            _ = try await look(house)
            for (index, approval) in approvals.enumerated() {
                await house.world.decide(approval, approved: true)
                _ = try await look(house)
                #expect(try await house.told(.decision).count == index + 1, "way \(number)")
            }
        }
    }

    @Test func `a filter that shows decided ones as well is not trusted`() async throws {
        let (house, run) = try await house()
        let approvals = await request(run, house, 3)
        await house.world.decide(approvals[0], approved: true)
        let all = await house.world.answer(
            WebRequest("GET", "/automations/approvals?limit=100", headers: [("X-API-Key", "rk_live_test")]))
        let body = String(decoding: all.body, as: UTF8.self)
        house.transport.misbehave { $0.query.contains("status=pending") ? .status(200, body) : .world }
        _ = try await look(house)
        #expect(try await look(house) == ["limit=100", "limit=100&status=pending"])
        #expect(try await look(house).first == "limit=100")
    }

    @Test func `more than 25 are asked for with one request from then on`() async throws {
        let (house, run) = try await house()
        _ = await request(run, house, 60)
        #expect(try await look(house) == ["limit=25", "limit=50", "limit=100"])
        #expect(try await look(house) == ["limit=100", "limit=100&status=pending"])
        #expect(try await look(house) == ["limit=100&status=pending"])
        #expect(try await house.told(.approval).count == 60)
    }
}
