import Foundation
import RelayCore
import RelayTesting
import Testing

@testable import Dedup

/// A folder that is removed with this object.
final class TestFolder: Sendable {
    let path = NSTemporaryDirectory() + "notify-relay-dedup-\(UUID().uuidString)"

    init() { try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A store in a folder of its own, or in a database of its own, which is removed with it.
final class TestStore: Sendable {
    let folder: String
    /// The file. With a database there is none.
    let path: String
    let address: StoreAddress
    /// The URI of the database; nil if the store is a file.
    let database: String?
    let clock: ManualClock
    let ledger: Ledger

    init(clock: ManualClock = ManualClock()) throws {
        folder = NSTemporaryDirectory() + "notify-relay-dedup-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        path = folder + "/relay.db"
        database = TestDatabase.isThere ? try TestDatabase.make() : nil
        address = try #require(StoreAddress(database ?? path))
        self.clock = clock
        ledger = try Ledger.open(address, as: .leader, clock: clock)
    }

    /// The last reference may be released on the writer's own queue, which cannot wait for itself, so the ledger is closed on another one.
    deinit {
        DispatchQueue.global().async { [ledger, folder, database] in
            try? ledger.close()
            if let database { try? TestDatabase.drop(database) }
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// Opens the same store a second time, as a command does while the daemon runs.
    func another() throws -> Ledger { try Ledger.open(address, as: .beside, clock: clock) }

    /// Tests of SQLite itself run with this.
    static var isFile: Bool { !TestDatabase.isThere }

    /// Reads one number from the store with SQL.
    func number(_ sql: String) async throws -> Int {
        try await ledger.read { try $0.first(sql) { $0[0] } ?? 0 }
    }

    func owed(_ destination: String = "ops", in minutes: Int = 0, priority: Priority = .normal, once: Bool = false) -> PlannedDelivery {
        PlannedDelivery(
            destination: destination, route: "loud", priority: priority, dueAt: clock.now + .seconds(60 * minutes),
            options: DeliveryOptions(atMostOnce: once))
    }

    @discardableResult
    func admit(_ event: Event, _ owed: [PlannedDelivery]) async throws -> AdmissionResult? {
        try await ledger.admit([Admission(event: event, owed: owed)]).first
    }

    func claimOne(_ destination: String = "ops", lease: Duration = .seconds(60)) async throws -> Claim {
        try #require(try await ledger.claim(destination, limit: 1, lease: lease).first)
    }

    func states(of event: String) async throws -> [DeliveryState] {
        try await ledger.history(event).deliveries.map(\.state)
    }

    func attempt(_ outcome: String = "retry") -> Attempt {
        Attempt(at: clock.now, outcome: outcome, reason: "ok", detail: "answered 200", took: .milliseconds(12))
    }
}

func notification(_ id: Int, priority: Priority = .normal, at clock: ManualClock, message: String = "an invoice is late") -> Event {
    Event(
        id: "live/notification/\(id)", account: "live", kind: .notification, subject: "live/notification/\(id)",
        priority: priority, occurredAt: clock.now, seenAt: clock.now,
        payload: Payload(detail: .notification(NotificationDetail(message: message))))
}

/// The event of an approval at a version, and the row that its messages are rendered from.
func approval(
    _ id: String = "a1", version: Int = 1, state: ApprovalDetail.State = .open, at clock: ManualClock
) -> (event: Event, row: ApprovalRow) {
    let detail = ApprovalDetail(id: id, version: version, state: state, action: "refund, version \(version)")
    let subject = "live/approval/\(id)"
    let event = Event(
        id: "\(subject)/v\(version)", account: "live", kind: state == .open ? .approval : .decision, subject: subject,
        priority: .high, occurredAt: clock.now, seenAt: clock.now, payload: Payload(detail: .approval(detail)))
    let row = ApprovalRow(
        account: "live", id: id, version: version, shownHash: "hash-\(version)", payload: Payload(detail: .approval(detail)),
        priority: .high, seenOpen: true, updatedAt: clock.now)
    return (event, row)
}

extension TestStore {
    @discardableResult
    func admit(
        _ approval: (event: Event, row: ApprovalRow), _ owed: [PlannedDelivery] = [], follows: Bool = false
    ) async throws -> AdmissionResult? {
        let rule = follows ? FollowRule(route: "follows", dueAt: clock.now) : nil
        let admission = Admission(event: approval.event, owed: owed, approval: approval.row, followsRequest: rule)
        return try await ledger.admit([admission]).first
    }
}

extension Ledger {
    /// Closes one window.
    ///
    /// - Parameter message: makes the window's message; by default there is none.
    /// - Returns: false if the window was closed already.
    func close(
        _ window: Int64, message: @escaping @Sendable (WindowReader) throws -> Admission? = { _ in nil }
    ) async throws(LedgerError) -> Bool {
        try await close([window], message: message).count == 1
    }

    func members(of window: Int64) async throws(LedgerError) -> [WindowMember] {
        try await readWindows([window]) { reader in
            var members: [WindowMember] = []
            try reader.eachMember { members.append($0) }
            return members
        }
    }

    /// Stores the ballot of one person, as most tests need it.
    func ask(
        account: String, approval: String, choice: Choice, actor: String, via: String, reason: String? = nil
    ) async throws(LedgerError) -> BallotResult {
        try await ask(Ballot(account: account, approval: approval, choice: choice, actor: actor, via: via, reason: reason))
    }
}
