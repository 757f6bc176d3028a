import GRDB
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// Every function of the ledger with faults of SQLite: it throws the error, and nothing is half written.
struct FaultTests {
    /// One function of the ledger, called on the store of `scene`.
    struct Call: Sendable, CustomTestStringConvertible {
        var name: String
        /// The function makes several transactions, each of which is atomic.
        var isSeveral = false
        var run: @Sendable (Ledger, Scene) async throws -> Void
        var testDescription: String { name }
    }

    /// The rows that the calls use.
    struct Scene: Sendable {
        var claim: Claim
        var row: ApprovalRow
        var owed: PlannedDelivery
        var answer: Answer
        var now: Timestamp
    }

    /// A store with an owed and a claimed delivery, an open approval with an answer, a window, a mute, a lane and a watch.
    private func scene() async throws -> (TestStore, Scene) {
        let store = try TestStore()
        let clock = store.clock
        let row = approval(at: clock).row
        try await store.admit(approval(at: clock), [store.owed()])
        let window = WindowJoin(kind: .quiet, name: "quiet", destination: "ops", opensAt: clock.now, closesAt: clock.now)
        let digest = WindowJoin(kind: .digest, name: "daily", opensAt: clock.now, closesAt: clock.now)
        _ = try await store.ledger.admit(
            [Admission(event: notification(1, at: clock), owed: [store.owed("mail")], windows: [window, digest])])
        try await store.admit(notification(2, at: clock), [store.owed("mail", in: 5)])
        try await store.ledger.save([RunWatch(account: "live", run: "r1", automation: "m1", shown: "x", dueAt: clock.now)])
        try await store.ledger.save(FeedState(account: "live", name: "account", since: clock.now))
        try await store.ledger.mute("Invoices", until: clock.now + .seconds(60))
        try await store.ledger.setLane(LaneRecord(destination: "ops", state: .closed, reason: "gone", since: clock.now, until: nil))
        _ = try await store.ledger.ask(account: "live", approval: "a1", choice: .approve, actor: "ann", via: "link")
        let answer = try #require(try await store.ledger.claimAnswer(account: "live", approval: "a1", round: 1, lease: .seconds(60)))
        let claim = try await store.claimOne("mail")
        return (store, Scene(claim: claim, row: row, owed: store.owed("pager"), answer: answer, now: clock.now))
    }

    static let reads = [
        Call(name: "event") { ledger, _ in _ = try await ledger.event("live/notification/1") },
        Call(name: "history") { ledger, _ in _ = try await ledger.history("live/notification/1") },
        Call(name: "known") { ledger, _ in _ = try await ledger.known(["live/notification/1"]) },
        Call(name: "resolve") { ledger, _ in _ = try await ledger.resolve("1") },
        Call(name: "feeds") { ledger, _ in _ = try await ledger.feeds(account: nil) },
        Call(name: "watch") { ledger, _ in _ = try await ledger.watch(account: "live", run: "r1") },
        Call(name: "watches due") { ledger, _ in _ = try await ledger.watches(account: "live", dueBefore: nil, limit: 9) },
        Call(name: "watches of runs") { ledger, _ in _ = try await ledger.watches(account: "live", runs: ["r1"]) },
        Call(name: "watchedAutomations") { ledger, _ in _ = try await ledger.watchedAutomations(account: "live") },
        Call(name: "approval") { ledger, _ in _ = try await ledger.approval(account: "live", id: "a1") },
        Call(name: "approvals") { ledger, _ in _ = try await ledger.approvals(account: "live", ids: ["a1"]) },
        Call(name: "openApprovals") { ledger, _ in _ = try await ledger.openApprovals(account: "live") },
        Call(name: "lanes") { ledger, _ in _ = try await ledger.lanes() },
        Call(name: "mutes") { ledger, _ in _ = try await ledger.mutes() },
        Call(name: "unfinished") { ledger, scene in _ = try await ledger.unfinished(at: scene.now) },
        Call(name: "unrouted") { ledger, _ in _ = try await ledger.unrouted(amongNewest: 9) },
        Call(name: "overview") { ledger, _ in _ = try await ledger.overview() },
        Call(name: "nextDue") { ledger, _ in _ = try await ledger.nextDue("mail") },
        Call(name: "dueWindows") { ledger, scene in _ = try await ledger.dueWindows(at: scene.now) },
        Call(name: "openWindows") { ledger, _ in _ = try await ledger.openWindows() },
        Call(name: "toldRequests") { ledger, _ in _ = try await ledger.toldRequests(account: "live") },
        Call(name: "dueAnswers") { ledger, scene in _ = try await ledger.dueAnswers(at: scene.now) },
        Call(name: "lastAnswer") { ledger, _ in _ = try await ledger.lastAnswer(account: "live", approval: "a1") },
        Call(name: "votes") { ledger, _ in _ = try await ledger.votes(account: "live", approval: "a1") },
        Call(name: "audit") { ledger, _ in _ = try await ledger.audit(limit: 9) },
        Call(name: "cursor") { ledger, _ in _ = try await ledger.cursor(to: "telegram/1") },
        Call(name: "arrivals") { ledger, scene in _ = try await ledger.arrivals(at: "ops", since: scene.now, most: 9) },
        Call(name: "backup") { ledger, _ in try await ledger.backup(to: ledger.path + ".copy") },
    ]

    static let writes = [
        Call(name: "admit") { ledger, scene in
            var other = scene.row
            other.id = "a2"
            let event = Event(
                id: "live/approval/a2/v1", account: "live", kind: .approval, subject: "live/approval/a2", priority: .high,
                occurredAt: scene.now, seenAt: scene.now, payload: scene.row.payload)
            _ = try await ledger.admit(
                [Admission(event: event, owed: [scene.owed], approval: other)],
                watches: [RunWatch(account: "live", run: "r2", automation: "m1", shown: "y", dueAt: scene.now)],
                feed: FeedState(account: "live", name: "runs"))
        },
        Call(name: "store") { ledger, scene in
            var row = scene.row
            row.version = 2
            _ = try await ledger.store([row])
        },
        Call(name: "begin") { ledger, scene in _ = try await ledger.begin(account: "new", at: scene.now) },
        Call(name: "save a feed") { ledger, _ in try await ledger.save(FeedState(account: "live", name: "runs", saturated: true)) },
        Call(name: "save watches") { ledger, scene in
            try await ledger.save([RunWatch(account: "live", run: "r1", automation: "m1", shown: "z", dueAt: scene.now)])
        },
        Call(name: "setLane") { ledger, scene in
            try await ledger.setLane(LaneRecord(destination: "ops", state: .open, reason: nil, since: scene.now, until: nil))
        },
        Call(name: "rename an account") { ledger, _ in _ = try await ledger.rename(account: "live", to: "main") },
        Call(name: "rename a destination") { ledger, _ in _ = try await ledger.rename(destination: "mail", to: "post") },
        Call(name: "claim") { ledger, _ in _ = try await ledger.claim("ops", limit: 1, lease: .seconds(60)) },
        Call(name: "settle") { ledger, scene in
            let attempt = Attempt(at: scene.now, outcome: "delivered", reason: "ok", detail: "", took: .zero)
            _ = try await ledger.settle(scene.claim, as: .delivered(Receipt(["id": "m1"])), attempt: attempt)
        },
        Call(name: "releaseClaims") { ledger, _ in _ = try await ledger.releaseClaims() },
        Call(name: "shiftHeld") { ledger, _ in try await ledger.shiftHeld(by: .seconds(90)) },
        Call(name: "drop") { ledger, _ in _ = try await ledger.drop(.all, reason: "by hand") },
        Call(name: "ask") { ledger, _ in
            _ = try await ledger.ask(
                Ballot(account: "live", approval: "a2", choice: .approve, actor: "bob", via: "link"),
                cursor: PollCursor(source: "t", position: 1))
        },
        Call(name: "deny") { ledger, _ in
            try await ledger.deny(Ballot(account: "live", approval: "a1", choice: .approve, actor: "eve", via: "link"))
        },
        Call(name: "settleAnswer") { ledger, scene in _ = try await ledger.settleAnswer(scene.answer, as: .taken, status: 200) },
        Call(name: "save a cursor") { ledger, _ in try await ledger.save(PollCursor(source: "telegram/1", position: 7)) },
        Call(name: "escalate") { ledger, scene in _ = try await ledger.escalate(scene.row, to: [scene.owed]) },
        Call(name: "mute") { ledger, scene in try await ledger.mute("Refunds", until: scene.now + .seconds(60)) },
        Call(name: "schedule", isSeveral: true) { ledger, scene in
            try await ledger.schedule("weekly", opensAt: scene.now, closesAt: scene.now + .seconds(60))
        },
        Call(name: "divert", isSeveral: true) { ledger, scene in
            _ = try await ledger.divert(
                from: "mail", to: "pager", recipients: ["", "ann"], atLeast: .low, seenBefore: scene.now + .seconds(1))
        },
        Call(name: "retain", isSeveral: true) { ledger, scene in
            let later = scene.now + .seconds(60)
            _ = try await ledger.retain(payloadsBefore: later, attemptsBefore: later, auditBefore: later)
        },
    ]

    private static let reasons: [StoreFault.Code: LedgerError.Reason] = [.ioError: .io, .full: .full, .busy: .busy, .corrupt: .corrupt]

    @Test(arguments: reads) func `a read that fails says so`(call: Call) async throws {
        let (store, scene) = try await scene()
        for code in StoreFault.Code.allCases {
            store.ledger.faults.follow(nth(1, StoreFault(code)))
            let error = await #expect(throws: LedgerError.self) { try await call.run(store.ledger, scene) }
            #expect(error?.reason == Self.reasons[code])
        }
        store.ledger.faults.follow(nil)
        try await call.run(store.ledger, scene)
    }

    @Test(arguments: writes, StoreFault.Code.allCases)
    func `a write that fails says so, and leaves nothing behind`(call: Call, code: StoreFault.Code) async throws {
        for moment in [StoreFault.Moment.before, .during] {
            let (store, scene) = try await scene()
            let before = try await store.dump()
            for access in 1... {
                let fired = Locked(false)
                store.ledger.faults.follow(nth(access, StoreFault(code, moment), fired))
                var reason: LedgerError.Reason?
                do { try await call.run(store.ledger, scene) } catch let error as LedgerError { reason = error.reason }
                store.ledger.faults.follow(nil)
                guard fired.withLock({ $0 }) else { break }
                #expect(reason == Self.reasons[code], "\(call.name), access \(access)")
                if !call.isSeveral { #expect(try await store.dump() == before, "\(call.name), \(moment)") }
            }
        }
    }

    @Test(arguments: writes) func `a write whose success was not heard of says that it failed, and was made whole`(call: Call) async throws
    {
        let (store, scene) = try await scene()
        let before = try await store.dump()
        store.ledger.faults.follow { $0 == .read ? nil : StoreFault(.ioError, .after) }
        let error = await #expect(throws: LedgerError.self) { try await call.run(store.ledger, scene) }
        #expect(error?.reason == .io)
        store.ledger.faults.follow(nil)
        let once = try await store.dump()
        if !["retain"].contains(call.name) { #expect(once != before) }
        // A caller that got the error calls again, which must do no harm.
        try await call.run(store.ledger, scene)
    }

    @Test func `a settlement that was written and not heard of is not written twice`() async throws {
        let (store, scene) = try await scene()
        store.ledger.faults.follow(nth(1, StoreFault(.full, .after)))
        let settle = {
            try await store.ledger.settle(scene.claim, as: .delivered(Receipt()), attempt: store.attempt("delivered"))
        }
        await #expect(throws: LedgerError.self) { try await settle() }
        #expect(try await settle() == false)
        #expect(try await store.number("SELECT count(*) FROM attempt") == 1)
    }

    @Test func `a neighbour in the same transaction is written, whatever fails beside it`() async throws {
        let store = try TestStore()
        store.ledger.faults.follow { access in access == .write("mute") ? StoreFault(.ioError, .during) : nil }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...50 {
                group.addTask {
                    await #expect(throws: LedgerError.self) { try await store.ledger.mute("x", until: .distantFuture) }
                    try await store.admit(notification(number, at: store.clock), [store.owed()])
                }
            }
            try await group.waitForAll()
        }
        store.ledger.faults.follow(nil)
        #expect(try await store.number("SELECT count(*) FROM delivery") == 50)
        #expect(try await store.ledger.mutes().isEmpty)
    }

    @Test func `whether another process has written is asked again after a fault`() async throws {
        let store = try TestStore()
        _ = await store.ledger.changedElsewhere()
        let other = try store.another()
        try await other.mute("x", until: .distantFuture)
        try other.close()
        store.ledger.faults.follow(nth(1, StoreFault(.ioError)))
        #expect(await store.ledger.changedElsewhere() == false)
        #expect(await store.ledger.changedElsewhere())
    }

    @Test func `the beginning of an account is stored once and never moved`() async throws {
        let store = try TestStore()
        let start = store.clock.now
        #expect(try await store.ledger.begin(account: "live", at: start) == start)
        store.clock.advance(by: .seconds(3_600))
        #expect(try await store.ledger.begin(account: "live", at: store.clock.now) == start)
        try await store.ledger.save(FeedState(account: "live", name: "account", since: store.clock.now, firstReadAt: store.clock.now))
        let feed = try #require(try await store.ledger.feeds(account: "live").first)
        #expect(feed.since == start)
        #expect(feed.firstReadAt == start)
    }
}

/// Makes the n-th access from now on fail, counted from 1.
func nth(_ n: Int, _ fault: StoreFault, _ fired: Locked<Bool> = Locked(false)) -> FaultPoint.Plan {
    let count = Locked(0)
    return { _ in
        let number = count.withLock { count in
            count += 1
            return count
        }
        guard number == n else { return nil }
        fired.withLock { $0 = true }
        return fault
    }
}

extension TestStore {
    /// Every row of every table but the pulse, as text.
    func dump() async throws -> [String] {
        try await ledger.read { db in
            let tables = try String.fetchAll(
                db, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'pulse' ORDER BY name")
            return try tables.flatMap { table in
                try Row.fetchAll(db, sql: "SELECT * FROM \"\(table)\"").map { "\(table): \($0.description)" }.sorted()
            }
        }
    }
}
