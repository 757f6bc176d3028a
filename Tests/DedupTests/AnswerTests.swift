import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// Answers to approvals are stored before RevKeen is called, sent by one claimant at a time, and kept for the audit.
struct AnswerTests {
    let store: TestStore

    init() throws { store = try TestStore() }

    private func ask(_ actor: String = "ann", _ approval: String = "a1", account: String = "live") async throws -> BallotResult {
        try await store.ledger.ask(
            account: account, approval: approval, choice: .reject, actor: actor, via: "cli", reason: "too dear")
    }

    private func claim(_ approval: String = "a1", round: Int = 1, lease: Duration = .seconds(60)) async throws -> Answer? {
        try await store.ledger.claimAnswer(account: "live", approval: approval, round: round, lease: lease)
    }

    private func end(_ state: Answer.State) async throws {
        let claimed = try #require(try await claim())
        #expect(try await store.ledger.settleAnswer(claimed, as: state, status: 200))
    }

    @Test func `an answer is written down whole and due at once`() async throws {
        let expected = Answer(
            account: "live", approval: "a1", choice: .reject, actor: "ann", via: "cli", reason: "too dear", askedAt: store.clock.now,
            dueAt: store.clock.now)
        #expect(try await ask() == .asked(expected))
        #expect(try await store.ledger.dueAnswers(at: store.clock.now) == [expected])
        #expect(try await store.ledger.dueAnswers(at: store.clock.now - .milliseconds(1)).isEmpty)
    }

    @Test func `while an answer is on its way, held or put off, it stands against any later one`() async throws {
        _ = try await ask("ann")
        let claimed = try #require(try await claim())
        let first = try #require(try await ask("bob").earlier)
        #expect(first == claimed)
        _ = try await store.ledger.settleAnswer(claimed, as: .asked, status: 503, dueAt: store.clock.now + .seconds(5))
        let later = try #require(try await ask("bob").earlier)
        #expect(later.actor == "ann" && later.status == 503 && later.dueAt == store.clock.now + .seconds(5))
        #expect(try await store.ledger.answers(account: nil, limit: 9).count == 1)
    }

    @Test func `an answer that was taken stands for ever`() async throws {
        _ = try await ask("ann")
        try await end(.taken)
        store.clock.advance(by: .seconds(86_400 * 365))
        let answer = try #require(try await ask("bob").earlier)
        #expect(answer.actor == "ann" && answer.state == .taken)
    }

    @Test(arguments: [Answer.State.refused, .lost])
    func `after an answer that came to nothing the approval is free for another round`(state: Answer.State) async throws {
        _ = try await ask("ann")
        try await end(state)
        let next = try #require(try await ask("bob").asked)
        #expect(next.round == 2 && next.actor == "bob" && next.fence == 0 && next.status == nil)
        #expect(try await store.ledger.answers(account: "live", limit: 9).map(\.state) == [state, .asked])
    }

    @Test func `rounds count for each approval of each account by itself`() async throws {
        _ = try await ask()
        try await end(.refused)
        for (approval, account) in [("a2", "live"), ("a1", "test")] {
            let answer = try #require(try await ask("ann", approval, account: account).asked)
            #expect(answer.round == 1)
        }
    }

    @Test func `of two processes that ask at once one is first`() async throws {
        let other = try store.another()
        let ledgers = [store.ledger, other]
        let asked = try await withThrowingTaskGroup(of: Bool.self) { group in
            for turn in 0..<20 {
                group.addTask {
                    let answer = try await ledgers[turn % 2].ask(
                        account: "live", approval: "a1", choice: .approve, actor: "p\(turn)", via: "cli")
                    if case .asked = answer { return true }
                    return false
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        try other.close()
        #expect(asked == 1)
    }

    @Test func `a claim holds it until its lease ends, and the next claim has the next fence`() async throws {
        _ = try await ask()
        let first = try #require(try await claim(lease: .seconds(10)))
        #expect(first.fence == 1)
        #expect(try await claim() == nil)
        #expect(try await store.ledger.dueAnswers(at: store.clock.now + .seconds(9)).isEmpty)
        store.clock.advance(by: .seconds(10))
        #expect(try await claim()?.fence == 2)
    }

    @Test(arguments: Answer.State.allCases)
    func `a stale claimant settles nothing`(state: Answer.State) async throws {
        _ = try await ask()
        let stale = try #require(try await claim(lease: .seconds(10)))
        store.clock.advance(by: .seconds(10))
        let fresh = try #require(try await claim())
        #expect(try await store.ledger.settleAnswer(stale, as: state, status: 500, dueAt: .distantPast) == false)
        #expect(try await store.ledger.answers(account: nil, limit: 1) == [fresh])
    }

    @Test func `what is put off is claimed again when it is due, not earlier`() async throws {
        _ = try await ask()
        let claimed = try #require(try await claim(lease: .seconds(60)))
        #expect(try await store.ledger.settleAnswer(claimed, as: .asked, status: 429, dueAt: store.clock.now + .seconds(5)))
        #expect(try await claim() == nil)
        store.clock.advance(by: .seconds(5))
        #expect(try await claim()?.status == 429)
    }

    @Test func `put off without a time it stays where its lease ends, and the last status is kept`() async throws {
        _ = try await ask()
        let first = try #require(try await claim(lease: .seconds(60)))
        #expect(try await store.ledger.settleAnswer(first, as: .asked, status: 502))
        store.clock.advance(by: .seconds(59))
        #expect(try await claim() == nil)
        store.clock.advance(by: .seconds(1))
        let second = try #require(try await claim())
        #expect(try await store.ledger.settleAnswer(second, as: .asked, status: nil))
        #expect(try await store.ledger.answers(account: nil, limit: 1).map(\.status) == [502])
    }

    @Test(arguments: [Answer.State.taken, .refused, .lost])
    func `what is settled is neither due, nor claimed, nor settled again`(state: Answer.State) async throws {
        _ = try await ask()
        let claimed = try #require(try await claim(lease: .seconds(10)))
        #expect(try await store.ledger.settleAnswer(claimed, as: state, status: 200))
        store.clock.advance(by: .seconds(60))
        #expect(try await store.ledger.dueAnswers(at: store.clock.now).isEmpty)
        #expect(try await claim() == nil)
        #expect(try await store.ledger.settleAnswer(claimed, as: .asked, status: 500) == false)
        #expect(try await store.ledger.answers(account: nil, limit: 1).map(\.state) == [state])
    }

    @Test func `after a crash an answer that was claimed is due at once, and its old claimant settles nothing`() async throws {
        _ = try await ask()
        let stale = try #require(try await claim(lease: .seconds(60)))
        _ = try await store.ledger.releaseClaims()
        let fresh = try #require(try await claim())
        #expect(fresh.fence == 2)
        #expect(try await store.ledger.settleAnswer(stale, as: .taken, status: 200) == false)
    }

    @Test func `the longest due comes first, and a list ends with the newest`() async throws {
        for name in ["a1", "a2", "a3"] {
            _ = try await ask("ann", name)
            store.clock.advance(by: .seconds(1))
        }
        let first = try #require(try await claim("a1"))
        _ = try await store.ledger.settleAnswer(first, as: .asked, status: 429, dueAt: store.clock.now)
        #expect(try await store.ledger.dueAnswers(at: store.clock.now).map(\.approval) == ["a2", "a3", "a1"])
        #expect(try await store.ledger.answers(account: nil, limit: 2).map(\.approval) == ["a2", "a3"])
        #expect(try await store.ledger.answers(account: "test", limit: 2).isEmpty)
    }

    @Test(arguments: [("verdict", "perhaps"), ("state", "gone")])
    func `a word that nobody knows is an error, and nobody's answer`(column: String, word: String) async throws {
        _ = try await ask()
        try await store.damage("UPDATE answer SET \(column) = '\(word)'")
        let error = await #expect(throws: LedgerError.self) {
            _ = try await store.ledger.lastAnswer(account: "live", approval: "a1")
        }
        #expect(error?.reason == .corrupt && error?.detail.contains("a1") == true)
    }
}

extension BallotResult {
    fileprivate var asked: Answer? {
        if case .asked(let answer) = self { answer } else { nil }
    }

    fileprivate var earlier: Answer? {
        if case .earlier(let answer) = self { answer } else { nil }
    }
}
