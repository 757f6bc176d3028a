import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// An item that exceeds a bound is cut and said, and the rest goes on.
struct LargeAnswerTests {
    /// The case is a word, because a test's log writes its arguments.
    enum Excess: CaseIterable { case members, depth }

    private static let many = JSONValue.object(Dictionary(uniqueKeysWithValues: (0..<30_000).map { ("m\($0)", .int($0)) }))
    private static let deep = (0..<70).reduce(JSONValue.int(1)) { inner, _ in .array([inner]) }

    @Test(arguments: Excess.allCases)
    func `a request with actions over a bound is told once and said, and so is its neighbour`(excess: Excess) async throws {
        let actions = excess == .members ? Self.many : Self.deep
        let house = try await House()
        try await house.look()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let big = await house.world.requestApproval(run: run, action: "Refund much", actions: actions)
        let other = await house.world.requestApproval(run: run, action: "Refund little", actions: ["amount": 3])
        for _ in 0..<3 {
            house.clock.advance(by: .minutes(5))
            try await house.look()
        }
        #expect(try await Set(house.told(.approval)) == Set([big, other].map { EventID.approval($0, version: 1, account: "live") }))
        let row = try #require(try await house.ledger.approval(account: "live", id: big))
        #expect(row.detail?.cutBytes == actions.bytes.count)
        #expect((row.detail?.actions?.string?.count ?? 0) > 100)
        #expect(try await house.ledger.approval(account: "live", id: other)?.detail?.cutBytes == nil)
        #expect(try await Set(house.said("unreadable")) == ["live/list/approvals", "live/part/run/\(run)"])

        await house.world.changeApproval(big, action: "Refund much", actions: ["amount": 9])
        house.clock.advance(by: .minutes(5))
        try await house.look()
        #expect(try await house.said("unreadable").contains("live/list/approvals over"))
        #expect(try await house.ledger.approval(account: "live", id: big)?.detail?.cutBytes == nil)
    }

    @Test func `eight megabytes of requests are read, and the account stays well`() async throws {
        let house = try await House()
        try await house.look()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let text = JSONValue.string(String(repeating: "x", count: 200_000))
        for number in 0..<60 { await house.world.requestApproval(run: run, action: "Refund \(number)", actions: ["note": text]) }
        house.clock.advance(by: .minutes(5))
        try await house.look()
        let told = try await house.told(.approval).count
        #expect((35...60).contains(told))
        #expect(try await house.said("unreadable").contains("live/list/approvals"))
        #expect(try await house.said("unreachable") == [])
    }
}
