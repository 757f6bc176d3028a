import GRDB
import RelayCore
import RelayTesting
import Testing

@testable import Dedup

/// Damaged rows: owed deliveries are still made and say so, and an unknown word is never read as another one.
struct DamageTests {
    let store: TestStore

    init() throws { store = try TestStore() }

    private func damage(_ sql: String) async throws { try await store.damage(sql) }

    private func event(_ kind: Event.Kind, _ detail: Detail, id: String) -> Event {
        Event(
            id: id, account: "live", kind: kind, subject: id, priority: .high, occurredAt: store.clock.now, seenAt: store.clock.now,
            payload: Payload(detail: detail))
    }

    private static let note = Detail.notification(NotificationDetail(message: "late"))
    private static let run = Detail.run(RunDetail(outcome: .failed, error: "no"))
    private static let digest = Detail.digest(DigestDetail(name: "d", from: .distantPast, until: .distantPast, headline: "3 failed"))

    @Test(arguments: ["{", "", "[]", "null", #"{"is":"relay"}"#, #"{"is":"run","outcome":"odd"}"#, #"{"is":"digest","digest":"{"}"#])
    func `a text that cannot be read is told as that, with the event's id, and claims nothing`(text: String) async throws {
        for (kind, detail) in [(Event.Kind.notification, Self.note), (.run, Self.run), (.digest, Self.digest)] {
            try await store.admit(event(kind, detail, id: "live/\(kind.rawValue)/1"), [store.owed()])
        }
        try await damage("UPDATE event SET payload = '\(text)'")
        let claims = try await store.ledger.claim("ops", limit: 9, lease: .seconds(60))
        #expect(claims.count == 3)
        for claim in claims {
            #expect(claim.damages == [.event])
            let words =
                switch claim.event.payload.detail {
                case .notification(let detail): detail.message
                case .relay(let detail): detail.detail
                default: ""
                }
            #expect(words == "(its text cannot be read from the store; see: notify-relay why \(claim.event.id))")
        }
        #expect(try await store.ledger.event("live/run/1")?.isReadable == false)
    }

    @Test func `an emptied text is no damaged one`() async throws {
        try await store.admit(event(.run, Self.run, id: "live/run/1"), [])
        try await damage("UPDATE event SET payload = NULL")
        let stored = try #require(try await store.ledger.event("live/run/1"))
        #expect(stored.isEmptied && stored.isReadable)
        #expect(stored.event.payload.detail == .run(RunDetail(outcome: .succeeded, summary: "(its text is no longer kept)")))
    }

    @Test func `a kind or a priority that is not known is damage too`() async throws {
        try await store.admit(event(.run, Self.run, id: "live/run/1"), [store.owed()])
        try await damage("UPDATE event SET kind = 'odd', priority = 77")
        let claim = try await store.claimOne()
        #expect(claim.damages == [.event])
        #expect(claim.event.kind == .relay)
        #expect(claim.event.priority == .high)
    }

    @Test func `a request whose text is damaged is told from its approval's row`() async throws {
        try await store.admit(approval(version: 3, at: store.clock), [store.owed()])
        try await damage("UPDATE event SET payload = 'x'")
        let claim = try await store.claimOne()
        #expect(claim.event.shownVersion == 3)
        #expect(claim.present?.detail?.action == "refund, version 3")
        #expect(claim.present?.isOpen == true)
    }

    @Test func `an approval whose row is damaged stays as open as it was, and says so`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        try await damage("UPDATE approval SET payload = '{\"is\":\"run\",\"outcome\":\"failed\"}'")
        let row = try #require(try await store.ledger.openApprovals(account: "live").first)
        #expect(row.isOpen)
        #expect(row.detail?.id == "a1")
        #expect(row.detail?.action == "(its text cannot be read from the store; see: notify-relay why live/approval/a1)")
        try await damage("UPDATE approval SET open = 0")
        #expect(try await store.ledger.approval(account: "live", id: "a1")?.detail?.state == .closed)
    }

    @Test(arguments: ["{", "x", "[]", #"{"at_most_once":"yes"}"#])
    func `options that cannot be read mean once at most`(text: String) async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed(once: true)])
        try await damage("UPDATE delivery SET options = '\(text)'")
        let claim = try await store.claimOne()
        #expect(claim.options.atMostOnce)
        #expect(claim.damages == [.options])
        #expect(try await store.ledger.releaseClaims() == 1)
        #expect(try await store.states(of: "live/notification/1") == [.unknown])
    }

    @Test func `a message whose options are damaged can be refreshed`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        _ = try await store.ledger.settle(try await store.claimOne(), as: .delivered(Receipt(["id": "m1"])), attempt: nil)
        try await damage("UPDATE delivery SET options = '{'")
        #expect(try await store.ledger.store([approval(at: store.clock).row], refreshing: ["ops"]) == ["ops"])
        #expect(try await store.claimOne().options == DeliveryOptions(atMostOnce: true, refreshes: true))
    }

    @Test(arguments: ["{", #"{"id":7}"#]) func `a receipt that cannot be read is said to be that`(text: String) async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        _ = try await store.ledger.settle(try await store.claimOne(), as: .delivered(Receipt(["id": "m1"])), attempt: nil)
        try await damage("UPDATE receipt SET remote = '\(text)'")
        try await store.admit(approval(version: 2, at: store.clock), follows: true)
        let claim = try await store.claimOne()
        #expect(claim.earlier == nil)
        #expect(claim.damages == [.receipt])
    }

    @Test func `an edit that may have arrived does not lose the message`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        _ = try await store.ledger.settle(try await store.claimOne(), as: .delivered(Receipt(["receipt": "R1"])), attempt: nil)
        try await store.admit(approval(version: 2, at: store.clock), follows: true)
        _ = try await store.ledger.settle(try await store.claimOne(), as: .unknown("no answer"), attempt: nil)
        try await store.admit(approval(version: 3, state: .approved, at: store.clock), follows: true)
        #expect(try await store.claimOne().earlier == Receipt(["receipt": "R1"]))
    }

    @Test func `a reminder that goes on until it is ended is found again, any other is not`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        _ = try await store.ledger.settle(try await store.claimOne(), as: .delivered(Receipt(["receipt": "R1"])), attempt: nil)
        var ringing = Receipt(["receipt": "R2", "earlier": "R1"])
        ringing.isOngoing = true
        for (step, receipt) in [(1, Receipt(["thread": "t"])), (2, ringing)] {
            let row = approval(at: store.clock)
            var reminder = event(.reminder, row.event.payload.detail, id: "live/approval/a1/remind/\(step)")
            reminder.subject = "live/approval/a1"
            if case .approval(var detail) = reminder.payload.detail {
                detail.step = step
                reminder.payload.detail = .approval(detail)
            }
            _ = try await store.ledger.remind([Admission(event: reminder, owed: [store.owed()])])
            _ = try await store.ledger.settle(try await store.claimOne(), as: .delivered(receipt), attempt: nil)
        }
        try await store.admit(approval(version: 2, state: .approved, at: store.clock), follows: true)
        #expect(try await store.claimOne().earlier == Receipt(["receipt": "R2", "earlier": "R1"]))
    }

    @Test func `a word for a state that is not known is an error`() async throws {
        try await store.ledger.setLane(LaneRecord(destination: "ops", state: .closed, reason: nil, since: store.clock.now, until: nil))
        let window = WindowJoin(kind: .quiet, name: "quiet", destination: "ops", opensAt: store.clock.now, closesAt: store.clock.now)
        _ = try await store.ledger.admit([Admission(event: notification(1, at: store.clock), owed: [store.owed()], windows: [window])])
        try await store.admit(approval(at: store.clock))
        _ = try await store.ledger.ask(account: "live", approval: "a1", choice: .reject, actor: "ann", via: "link")
        let ledger = store.ledger
        let cases: [(sql: String, read: @Sendable () async throws -> Void)] = [
            ("UPDATE lane SET state = 'odd'", { _ = try await ledger.lanes() }),
            ("UPDATE event_window SET kind = 'odd'", { _ = try await ledger.openWindows() }),
            ("UPDATE answer SET state = 'odd'", { _ = try await ledger.lastAnswer(account: "live", approval: "a1") }),
            ("UPDATE answer SET state = 'asked', verdict = 'odd'", { _ = try await ledger.dueAnswers(at: .distantFuture) }),
            ("UPDATE delivery SET state = 'odd'", { _ = try await ledger.history("live/notification/1") }),
            ("UPDATE delivery SET state = 'owed', held_for = 'odd'", { _ = try await ledger.overview() }),
        ]
        for (sql, read) in cases {
            try await damage(sql)
            let error = await #expect(throws: LedgerError.self, "\(sql)") { try await read() }
            #expect(error?.reason == .corrupt, "\(sql)")
            #expect(error?.detail.contains("put a backup in its place") == true)
        }
    }
}
