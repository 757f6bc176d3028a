import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// The audit of answers is only added to and never changed. Votes are counted where two people must approve.
struct AuditTests {
    let store: TestStore

    init() throws { store = try TestStore() }

    private func ballot(_ actor: String, _ choice: Choice = .approve, shown: String? = nil, people: Int = 1) -> Ballot {
        Ballot(
            account: "live", approval: "a1", choice: choice, actor: actor, via: "link (ops)", address: "192.0.2.1", shown: shown,
            peopleNeeded: people)
    }

    private func log() async throws -> [String] {
        try await store.ledger.audit(limit: 100).map { "\($0.round) \($0.actor) \($0.state.rawValue) \($0.status.map(String.init) ?? "-")" }
    }

    @Test func `an answer is one entry that says what became of it, and two rows that stay`() async throws {
        _ = try await store.ledger.ask(ballot("ann"))
        #expect(try await log() == ["1 ann asked -"])
        let claimed = try #require(try await store.ledger.claimAnswer(account: "live", approval: "a1", round: 1, lease: .seconds(60)))
        _ = try await store.ledger.settleAnswer(claimed, as: .refused, status: 403)
        _ = try await store.ledger.ask(ballot("bob"))
        #expect(try await log() == ["1 ann refused 403", "2 bob asked -"])
        #expect(try await store.number("SELECT count(*) FROM audit") == 3)
    }

    @Test func `nothing in it can be changed`() async throws {
        _ = try await store.ledger.ask(ballot("ann"))
        await #expect(throws: LedgerError.self) {
            try await store.ledger.writes.write("test") { _ = try $0.run("UPDATE audit SET actor = 'bob'") }
        }
        #expect(try await log() == ["1 ann asked -"])
    }

    @Test func `who may not is written down, and the approval stays free`() async throws {
        try await store.ledger.deny(ballot("eve"))
        #expect(try await log() == ["0 eve denied -"])
        guard case .asked = try await store.ledger.ask(ballot("ann")) else { return #expect(Bool(false)) }
    }

    @Test func `of two people who must approve the second makes the answer, in both names`() async throws {
        guard case .voted(let first) = try await store.ledger.ask(ballot("ann", people: 2)) else { return #expect(Bool(false)) }
        #expect(first.map(\.person) == ["ann"])
        guard case .voted(let again) = try await store.ledger.ask(ballot("ann", people: 2)) else { return #expect(Bool(false)) }
        #expect(again.count == 1)
        store.clock.advance(by: .seconds(1))
        guard case .asked(let answer) = try await store.ledger.ask(ballot("bob", people: 2)) else { return #expect(Bool(false)) }
        #expect(answer.actor == "ann, bob")
        #expect(try await log() == ["1 ann voted -", "1 bob voted -", "1 ann, bob asked -"])
    }

    @Test func `a ballot for what is asked no longer is none, and neither is an older vote`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        #expect(try await store.ledger.ask(ballot("ann", shown: "hash-0", people: 2)) == .changed)
        guard case .voted = try await store.ledger.ask(ballot("ann", shown: "hash-1", people: 2)) else { return #expect(Bool(false)) }
        try await store.admit(approval(version: 2, at: store.clock), follows: true)
        guard case .voted(let votes) = try await store.ledger.ask(ballot("bob", shown: "hash-2", people: 2)) else {
            return #expect(Bool(false))
        }
        #expect(votes.map(\.person) == ["bob"])
        #expect(try await store.ledger.votes(account: "live", approval: "a1").map(\.person) == ["bob"])
    }

    @Test func `how far updates were read goes forward only, in the transaction of the answer`() async throws {
        _ = try await store.ledger.ask(ballot("ann"), cursor: PollCursor(source: "bot", position: 7))
        try await store.ledger.save(PollCursor(source: "bot", position: 5))
        #expect(try await store.ledger.cursor(to: "bot")?.position == 7)
        #expect(try await store.ledger.cursor(to: "other") == nil)
    }

    @Test func `it is kept as long as the audit is, and while its approval is open`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        _ = try await store.ledger.ask(ballot("ann"))
        let later = store.clock.now + .seconds(10)
        _ = try await store.ledger.retain(payloadsBefore: .distantPast, attemptsBefore: .distantPast, auditBefore: later)
        #expect(try await log().count == 1)
        try await store.ledger.store([approval(version: 2, state: .approved, at: store.clock).row])
        _ = try await store.ledger.retain(payloadsBefore: .distantPast, attemptsBefore: .distantPast, auditBefore: later)
        #expect(try await log().isEmpty)
    }
}

/// Only a message whose facts have changed is owed again, as a refresh.
struct RedrawingTests {
    private func told() async throws -> TestStore {
        let store = try TestStore()
        try await store.admit(approval(at: store.clock), [store.owed()])
        _ = try await store.ledger.settle(
            try await store.claimOne(), as: .delivered(Receipt(["id": "m1"])), attempt: store.attempt("delivered"))
        return store
    }

    @Test func `its delivery comes again with the message, and then it is delivered as before`() async throws {
        let store = try await told()
        let row = approval(at: store.clock).row
        #expect(try await store.ledger.store([row], refreshing: ["ops"]) == ["ops"])
        #expect(try await store.ledger.store([row], refreshing: ["ops"]).isEmpty)
        let claim = try await store.claimOne()
        #expect(claim.options.refreshes && claim.earlier == Receipt(["id": "m1"]) && claim.event.id == "live/approval/a1/v1")
        _ = try await store.ledger.settle(claim, as: .delivered(Receipt(["id": "m1"])), attempt: nil)
        #expect(try await store.states(of: "live/approval/a1/v1") == [.delivered])
    }

    @Test func `a later update says the present instead`() async throws {
        let store = try await told()
        try await store.ledger.store([approval(at: store.clock).row], refreshing: ["ops"])
        try await store.admit(approval(version: 2, state: .approved, at: store.clock), follows: true)
        // The refresh comes before the more urgent update. This claim settles it without sending it, because the update is owed too.
        #expect(try await store.ledger.claim("ops", limit: 1, lease: .seconds(60)).isEmpty)
        #expect(try await store.claimOne().event.id == "live/approval/a1/v2")
        #expect(try await store.states(of: "live/approval/a1/v1") == [.delivered])
    }

    @Test func `one that was refused hides its thread from nothing that follows`() async throws {
        let store = try await told()
        try await store.ledger.store([approval(at: store.clock).row], refreshing: ["ops"])
        _ = try await store.ledger.settle(try await store.claimOne(), as: .dead("too long"), attempt: nil)
        try await store.admit(approval(version: 2, state: .approved, at: store.clock), follows: true)
        let decision = try await store.claimOne()
        #expect(decision.event.id == "live/approval/a1/v2" && decision.earlier == Receipt(["id": "m1"]))
    }

    @Test func `one that waits is no request that a fallback could take over`() async throws {
        let store = try await told()
        try await store.ledger.store([approval(at: store.clock).row], refreshing: ["ops"])
        store.clock.advance(by: .seconds(3_600))
        #expect(try await store.ledger.divert(from: "ops", to: "mail", recipients: [""], atLeast: .low, seenBefore: store.clock.now) == 0)
    }

    @Test func `a destination that cannot change a message is left alone`() async throws {
        let store = try await told()
        #expect(try await store.ledger.store([approval(at: store.clock).row], refreshing: ["room"]).isEmpty)
        #expect(try await store.ledger.claim("ops", limit: 1, lease: .seconds(60)).isEmpty)
    }
}
