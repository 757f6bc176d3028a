import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// The rows that the calls of `FaultCall` use.
struct FaultScene: Sendable {
    var claim: Claim
    var row: ApprovalRow
    var owed: PlannedDelivery
    var answer: Answer
    /// The ids of the open window of quiet hours and of the open window that counts what collapses.
    var quiet: Int64
    var storm: Int64
    var now: Timestamp

    func event(_ id: String, _ kind: Event.Kind, subject: String, _ payload: Payload) -> Event {
        Event(id: id, account: "live", kind: kind, subject: subject, priority: .high, occurredAt: now, seenAt: now, payload: payload)
    }

    /// A message of closed windows.
    func message(_ id: String) -> Admission {
        let detail = DigestDetail(name: "daily", from: now, until: now, headline: "1 event")
        return Admission(event: event(id, .digest, subject: id, Payload(detail: .digest(detail))), owed: [owed])
    }

    /// A store with deliveries that are owed, claimed, waiting for a retry, dead and delivered, an open approval with an answer, another
    /// answer that is not claimed, windows, a mute, a lane and a watch.
    static func make() async throws -> (TestStore, FaultScene) {
        let store = try TestStore()
        let clock = store.clock, ledger = store.ledger
        // No test loses power, and there are hundreds of stores.
        if TestStore.isFile { try await ledger.writes.betweenTransactions { try $0.post("PRAGMA synchronous = OFF") } }
        let row = approval(at: clock).row
        try await store.admit(approval(at: clock), [store.owed()])
        let quiet = WindowJoin(kind: .quiet, name: "quiet", destination: "ops", opensAt: clock.now, closesAt: clock.now)
        let digest = WindowJoin(kind: .digest, name: "daily", opensAt: clock.now, closesAt: clock.now)
        _ = try await ledger.admit(
            [Admission(event: notification(1, at: clock), owed: [store.owed("mail")], windows: [quiet, digest])])
        try await store.admit(notification(2, at: clock), [store.owed("mail", in: 5)])
        try await ledger.save([RunWatch(account: "live", run: "r1", automation: "m1", shown: "x", dueAt: clock.now)])
        _ = try await ledger.open(Gap(account: "live", feed: .runs, about: "m1", openedAt: clock.now, reached: 100), knowsNothing: false)
        try await ledger.save(FeedState(account: "live", name: "account", since: clock.now))
        try await ledger.mute("Invoices", until: clock.now + .seconds(60))
        try await ledger.setLane(LaneRecord(destination: "ops", state: .closed, reason: "gone", since: clock.now, until: nil))
        for approval in ["a1", "a3"] {
            _ = try await ledger.ask(account: "live", approval: approval, choice: .approve, actor: "ann", via: "link")
        }
        let answer = try #require(try await ledger.claimAnswer(account: "live", approval: "a1", round: 1, lease: .seconds(60)))
        try await makeAttempts(store)
        let claim = try await store.claimOne("mail")
        clock.advance(by: .seconds(10))
        let windows = try await ledger.openWindows()
        return (
            store,
            FaultScene(
                claim: claim, row: row, owed: store.owed("pager"), answer: answer, quiet: try id(of: .quiet, windows.map(\.window)),
                storm: try id(of: .storm, windows.map(\.window)), now: clock.now)
        )
    }

    /// Deliveries that have been attempted: one waits for a retry, one is dead, and one began a collapse and was delivered.
    private static func makeAttempts(_ store: TestStore) async throws {
        let clock = store.clock
        let settlements: [(String, Settlement)] = [
            ("slow", .retry(at: clock.now + .seconds(300), reason: "timeout")), ("gone", .dead("refused")),
            ("chat", .delivered(Receipt(["id": "m1"]))),
        ]
        for (number, (destination, settlement)) in settlements.enumerated() {
            var storm = WindowJoin(kind: .storm, name: "s", destination: "chat", opensAt: clock.now, closesAt: clock.now + .seconds(600))
            storm.toldAtOnce = true
            let windows = destination == "chat" ? [storm] : []
            _ = try await store.ledger.admit(
                [Admission(event: notification(10 + number, at: clock), owed: [store.owed(destination)], windows: windows)])
            _ = try await store.ledger.settle(try await store.claimOne(destination), as: settlement, attempt: store.attempt())
        }
    }

    private static func id(of kind: WindowKind, _ windows: [Window]) throws -> Int64 {
        try #require(windows.first { $0.kind == kind }).id
    }
}

/// One function of the ledger, called on the store of `FaultScene`.
struct FaultCall: Sendable, CustomTestStringConvertible {
    var name: String
    /// The function makes several transactions, each of which is atomic.
    var isSeveral = false
    var run: @Sendable (Ledger, FaultScene) async throws -> Void
    var testDescription: String { name }
}

extension FaultCall {
    static let reads =
        [
            FaultCall(name: "event") { ledger, _ in _ = try await ledger.event("live/notification/1") },
            FaultCall(name: "history") { ledger, _ in _ = try await ledger.history("live/notification/1") },
            FaultCall(name: "resolve") { ledger, _ in _ = try await ledger.resolve("1") },
            FaultCall(name: "feeds") { ledger, _ in _ = try await ledger.feeds(account: nil) },
            FaultCall(name: "watch") { ledger, _ in _ = try await ledger.watch(account: "live", run: "r1") },
            FaultCall(name: "watches due") { ledger, _ in _ = try await ledger.watches(account: "live", dueBefore: nil, limit: 9) },
            FaultCall(name: "watches of runs") { ledger, _ in _ = try await ledger.watches(account: "live", runs: ["r1"]) },
            FaultCall(name: "watchedAutomations") { ledger, _ in _ = try await ledger.watchedAutomations(account: "live") },
            FaultCall(name: "gaps") { ledger, _ in _ = try await ledger.gaps(account: "live") },
            FaultCall(name: "alreadyRead") { ledger, _ in _ = try await ledger.alreadyRead(["r1"], of: .runs, account: "live", before: nil)
            },
            FaultCall(name: "approval") { ledger, _ in _ = try await ledger.approval(account: "live", id: "a1") },
            FaultCall(name: "approvals") { ledger, _ in _ = try await ledger.approvals(account: "live", ids: ["a1"]) },
            FaultCall(name: "nextWatch") { ledger, scene in _ = try await ledger.nextWatch(account: "live", after: scene.now) },
            FaultCall(name: "outlooks") { ledger, _ in _ = try await ledger.outlooks(account: "live") },
            FaultCall(name: "automationCounts") { ledger, _ in _ = try await ledger.automationCounts() },
            FaultCall(name: "openApprovals") { ledger, _ in _ = try await ledger.openApprovals(account: "live") },
            FaultCall(name: "lanes") { ledger, _ in _ = try await ledger.lanes() },
            FaultCall(name: "mutes") { ledger, _ in _ = try await ledger.mutes() },
            FaultCall(name: "unfinished") { ledger, scene in _ = try await ledger.unfinished(at: scene.now) },
            FaultCall(name: "unrouted") { ledger, _ in _ = try await ledger.unrouted(amongNewest: 9) },
            FaultCall(name: "overview") { ledger, _ in _ = try await ledger.overview() },
            FaultCall(name: "nextDue") { ledger, _ in _ = try await ledger.nextDue("mail") },
            FaultCall(name: "dueWindows") { ledger, scene in _ = try await ledger.dueWindows(at: scene.now) },
            FaultCall(name: "openWindows") { ledger, _ in _ = try await ledger.openWindows() },
            FaultCall(name: "openWindows of a kind") { ledger, _ in _ = try await ledger.openWindows(.quiet) },
            FaultCall(name: "closedWindows") { ledger, _ in _ = try await ledger.closedWindows(ofDigest: "daily", limit: 9) },
            FaultCall(name: "told") { ledger, scene in _ = try await ledger.told(of: scene.quiet) },
            FaultCall(name: "readWindows") { ledger, scene in
                let span = try await ledger.readWindows([scene.quiet]) { try $0.span() }
                #expect(span?.count == 1)
            },
            FaultCall(name: "toldRequests") { ledger, _ in _ = try await ledger.toldRequests(account: "live") },
            FaultCall(name: "dueAnswers") { ledger, scene in _ = try await ledger.dueAnswers(at: scene.now) },
            FaultCall(name: "lastAnswer") { ledger, _ in _ = try await ledger.lastAnswer(account: "live", approval: "a1") },
            FaultCall(name: "receipts of an approval") { ledger, _ in
                _ = try await ledger.receipts(ofApproval: "a1", account: "live", at: "ops")
            },
            FaultCall(name: "votes") { ledger, _ in _ = try await ledger.votes(account: "live", approval: "a1") },
            FaultCall(name: "audit") { ledger, _ in _ = try await ledger.audit(limit: 9) },
            FaultCall(name: "cursor") { ledger, _ in _ = try await ledger.cursor(to: "telegram/1") },
            FaultCall(name: "arrivals") { ledger, scene in _ = try await ledger.arrivals(at: "ops", since: scene.now, most: 9) },
        ] + (TestStore.isFile ? [FaultCall(name: "backup") { ledger, _ in try await ledger.backup(to: ledger.path + ".copy") }] : [])

    static let writes = [
        FaultCall(name: "admit") { ledger, scene in
            var other = scene.row
            other.id = "a2"
            let event = Event(
                id: "live/approval/a2/v1", account: "live", kind: .approval, subject: "live/approval/a2", priority: .high,
                occurredAt: scene.now, seenAt: scene.now, payload: scene.row.payload)
            _ = try await ledger.admit(
                watches: [RunWatch(account: "live", run: "r2", automation: "m1", shown: "y", dueAt: scene.now)]
            ) { [other] _ in [Admission(event: event, owed: [scene.owed], approval: other)] }
        },
        FaultCall(name: "store") { ledger, scene in
            var row = scene.row
            row.version = 2
            _ = try await ledger.store([row])
        },
        FaultCall(name: "begin") { ledger, scene in _ = try await ledger.begin(account: "new", at: scene.now) },
        FaultCall(name: "save a feed") { ledger, _ in try await ledger.save(FeedState(account: "live", name: "runs", saturated: true)) },
        FaultCall(name: "save watches") { ledger, scene in
            try await ledger.save([RunWatch(account: "live", run: "r1", automation: "m1", shown: "z", dueAt: scene.now)])
        },
        FaultCall(name: "save outlooks") { ledger, _ in
            try await ledger.save([StoredOutlook(account: "live", automation: "m1", runs: .init(events: 1, seconds: 60))])
        },
        FaultCall(name: "open a gap") { ledger, scene in
            let gap = Gap(account: "live", feed: .approvals, openedAt: scene.now, reached: 100)
            _ = try await ledger.open(gap, knowsNothing: false)
        },
        FaultCall(name: "advance a gap") { ledger, scene in
            try await ledger.advance(Gap(account: "live", feed: .runs, about: "m1", openedAt: scene.now, reached: 200))
        },
        FaultCall(name: "close a gap") { ledger, scene in
            try await ledger.close(Gap(account: "live", feed: .runs, about: "m1", openedAt: scene.now))
        },
        FaultCall(name: "setLane") { ledger, scene in
            try await ledger.setLane(LaneRecord(destination: "ops", state: .open, reason: nil, since: scene.now, until: nil))
        },
        FaultCall(name: "rename an account") { ledger, _ in _ = try await ledger.rename(account: "live", to: "main") },
        FaultCall(name: "rename a destination") { ledger, _ in _ = try await ledger.rename(destination: "mail", to: "post") },
        FaultCall(name: "claim") { ledger, _ in _ = try await ledger.claim("ops", limit: 1, lease: .seconds(60)) },
        FaultCall(name: "settle") { ledger, scene in
            let attempt = Attempt(at: scene.now, outcome: "delivered", reason: "ok", detail: "", took: .zero)
            _ = try await ledger.settle(scene.claim, as: .delivered(Receipt(["id": "m1"])), attempt: attempt)
        },
        FaultCall(name: "releaseClaims") { ledger, _ in _ = try await ledger.releaseClaims() },
        FaultCall(name: "shiftHeld") { ledger, _ in try await ledger.shiftHeld(by: .seconds(90)) },
        FaultCall(name: "reopen") { ledger, _ in try await ledger.reopen("slow", after: .seconds(5)) },
        FaultCall(name: "retry") { ledger, _ in _ = try await ledger.retry(.all) },
        FaultCall(name: "drop") { ledger, _ in _ = try await ledger.drop(.all, reason: "by hand") },
        FaultCall(name: "ask") { ledger, _ in
            _ = try await ledger.ask(
                Ballot(account: "live", approval: "a2", choice: .approve, actor: "bob", via: "link"),
                cursor: PollCursor(source: "t", position: 1))
        },
        FaultCall(name: "deny") { ledger, _ in
            try await ledger.deny(Ballot(account: "live", approval: "a1", choice: .approve, actor: "eve", via: "link"))
        },
        FaultCall(name: "claimAnswer") { ledger, _ in
            _ = try await ledger.claimAnswer(account: "live", approval: "a3", round: 1, lease: .seconds(60))
        },
        FaultCall(name: "markCalled") { ledger, scene in _ = try await ledger.markCalled(scene.answer) },
        FaultCall(name: "withdraw") { ledger, _ in
            _ = try await ledger.withdraw(account: "live", approval: "a3", actor: "ann", via: "link", address: nil)
        },
        FaultCall(name: "settleAnswer") { ledger, scene in _ = try await ledger.settleAnswer(scene.answer, as: .taken, status: 200) },
        FaultCall(name: "save a cursor") { ledger, _ in try await ledger.save(PollCursor(source: "telegram/1", position: 7)) },
        FaultCall(name: "escalate") { ledger, scene in
            _ = try await ledger.escalate(
                scene.event("live/approval/a1/v1", .approval, subject: "live/approval/a1", scene.row.payload), to: [scene.owed])
        },
        FaultCall(name: "remind") { ledger, scene in
            let event = scene.event("live/approval/a1/remind/1", .reminder, subject: "live/approval/a1", scene.row.payload)
            _ = try await ledger.remind([Admission(event: event, owed: [scene.owed])], refreshing: ["ops"])
        },
        FaultCall(name: "mute") { ledger, scene in try await ledger.mute("Refunds", until: scene.now + .seconds(60)) },
        FaultCall(name: "move a window") { ledger, scene in try await ledger.move(scene.quiet, to: scene.now + .seconds(90)) },
        FaultCall(name: "refreshCollapsed") { ledger, scene in _ = try await ledger.refreshCollapsed(scene.storm, at: "chat") },
        FaultCall(name: "close") { ledger, scene in
            _ = try await ledger.close([scene.quiet, scene.storm]) { _ in scene.message("bundle/quiet/ops") }
        },
        FaultCall(name: "closeDigest") { ledger, scene in
            _ = try await ledger.closeDigest("daily", through: scene.now) { _ in scene.message("digest/daily") }
        },
        FaultCall(name: "adopt") { ledger, scene in
            _ = try await ledger.adopt(
                Adoption(
                    accounts: [.init(from: "live", to: "main")], destinations: [.init(from: "mail", to: "post")],
                    slots: [.init(digest: "weekly", opensAt: scene.now, closesAt: scene.now + .seconds(60))]))
        },
        FaultCall(name: "schedule", isSeveral: true) { ledger, scene in
            try await ledger.schedule("weekly", opensAt: scene.now, closesAt: scene.now + .seconds(60))
        },
        FaultCall(name: "divert", isSeveral: true) { ledger, scene in
            _ = try await ledger.divert(
                from: "mail", to: "pager", recipients: ["", "ann"], atLeast: .low, seenBefore: scene.now + .seconds(1))
        },
        FaultCall(name: "retain", isSeveral: true) { ledger, scene in
            let later = scene.now + .seconds(60)
            _ = try await ledger.retain(payloadsBefore: later, attemptsBefore: later, auditBefore: later)
        },
    ]
}
