import Dispatch
import GRDB
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// Writes that wait together share a transaction, and each caller gets the result of its own work.
@Suite(.timeLimit(.minutes(1)))
struct GroupCommitTests {
    let store: TestStore

    init() throws { store = try TestStore() }

    private enum Outcome: Equatable {
        case admitted(Int)
        case refused(LedgerError.Reason)
    }

    /// Admits events 1 to `count` while the writer is held, so that all of them wait together. The events in `bad` cannot be written.
    private func crowd(of count: Int, bad: Set<Int> = []) async throws -> [Int: Outcome] {
        let gate = DispatchSemaphore(value: 0)
        let (held, isHeld) = AsyncStream<Void>.makeStream()
        let store = store
        return try await withThrowingTaskGroup(of: (Int, Outcome)?.self) { group in
            group.addTask {
                try await store.ledger.writes.betweenTransactions { _ in
                    isHeld.yield()
                    gate.wait()
                }
                return nil
            }
            for await _ in held { break }
            for number in 1...count {
                let owed = store.owed(bad.contains(number) ? "refused" : "ops")
                group.addTask {
                    do {
                        try await store.admit(notification(number, at: store.clock), [owed])
                        return (number, .admitted(number))
                    } catch let error as LedgerError {
                        return (number, .refused(error.reason))
                    }
                }
            }
            while store.ledger.writes.waitingCount < count { await Task.yield() }
            gate.signal()
            return try await group.reduce(into: [:]) { outcomes, outcome in
                if let outcome { outcomes[outcome.0] = outcome.1 }
            }
        }
    }

    private func events() async throws -> [String] {
        try await store.ledger.read { try $0.all("SELECT id FROM event") { $0[0] } }
    }

    /// Collects the number of pieces of work in each transaction.
    private func countTransactions() -> Locked<[Int]> {
        let sizes = Locked<[Int]>([])
        let wasBefore = Locked(false)
        store.ledger.writes.stopPoint.withLock { hook in
            hook = { place in
                let isBefore = place.hasSuffix("before-commit")
                let begins = wasBefore.withLock { was in
                    defer { was = isBefore }
                    return isBefore && !was
                }
                guard isBefore else { return }
                sizes.withLock { sizes in
                    if begins { sizes.append(0) }
                    sizes[sizes.count - 1] += 1
                }
            }
        }
        return sizes
    }

    @Test func `what waits together becomes one transaction`() async throws {
        let sizes = countTransactions()
        let outcomes = try await crowd(of: 200)
        #expect(sizes.withLock { $0 } == [200])
        #expect(outcomes == Dictionary(uniqueKeysWithValues: (1...200).map { ($0, .admitted($0)) }))
        #expect(Set(try await events()).count == 200)
    }

    @Test func `a large crowd becomes few transactions, none of which is too long`() async throws {
        let sizes = countTransactions()
        _ = try await crowd(of: 600)
        #expect(sizes.withLock { $0 } == [256, 256, 88])
        #expect(try await events().count == 600)
    }

    @Test func `work that fails undoes none of its neighbours, and fails alone`() async throws {
        try await store.refuseRows(in: "delivery", where: "NEW.destination = 'refused'")
        let outcomes = try await crowd(of: 20, bad: [1, 7, 20])
        #expect(outcomes.filter { $0.value == .refused(.io) }.keys.sorted() == [1, 7, 20])
        let expected = Set(1...20).subtracting([1, 7, 20]).map { "live/notification/\($0)" }
        #expect(try await events().sorted() == expected.sorted())
        #expect(try await store.number("SELECT count(*) FROM delivery") == 17)
    }

    @Test func `a settlement that comes too late is refused alone, also in a crowd`() async throws {
        for number in 1...30 { try await store.admit(notification(number, at: store.clock), [store.owed()]) }
        let claims = try await store.ledger.claim("ops", limit: 30, lease: .seconds(60))
        _ = try await store.ledger.settle(claims[7], as: .dropped("by hand"), attempt: nil)
        let taken = try await withThrowingTaskGroup(of: Int?.self) { group in
            for (index, claim) in claims.enumerated() {
                group.addTask { [store] in
                    try await store.ledger.settle(claim, as: .delivered(Receipt()), attempt: store.attempt("delivered")) ? index : nil
                }
            }
            return try await group.reduce(into: Set<Int>()) { taken, index in if let index { taken.insert(index) } }
        }
        #expect(taken == Set(0..<30).subtracting([7]))
        #expect(try await store.number("SELECT count(*) FROM attempt") == 29)
        #expect(try await store.number("SELECT count(*) FROM delivery WHERE state = 'delivered'") == 29)
    }

    @Test func `what was accepted before the end is still written, what comes later is refused`() async throws {
        let gate = DispatchSemaphore(value: 0)
        let (held, isHeld) = AsyncStream<Void>.makeStream()
        async let holding: Void = store.ledger.writes.betweenTransactions { _ in
            isHeld.yield()
            gate.wait()
        }
        for await _ in held { break }
        async let early = store.admit(notification(1, at: store.clock), [store.owed()])
        while store.ledger.writes.waitingCount < 1 { await Task.yield() }
        store.ledger.writes.close()
        let late = await #expect(throws: LedgerError.self) {
            try await store.admit(notification(2, at: store.clock), [store.owed()])
        }
        gate.signal()
        try await holding
        #expect(late?.reason == .closed)
        #expect(try await early == .admitted(owed: 1))
        #expect(try await events() == ["live/notification/1"])
    }
}
