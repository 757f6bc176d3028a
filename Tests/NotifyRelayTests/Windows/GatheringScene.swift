import Dedup
import Policy
import RelayCore
import RelayTesting
import Testing

@testable import NotifyRelay

/// Admits finished runs and messages as a look would, to make digests and bundles without one.
extension House {
    /// Admits a finished run.
    ///
    /// - Parameter ago: how long ago it ended.
    @discardableResult
    func run(
        _ automation: String, _ outcome: RunDetail.Outcome = .failed, error: String? = "Timeout after 30 s", id: String,
        ago: Duration = .zero
    ) async throws -> Event {
        let ended = clock.now - ago
        let event = Event(
            id: EventID.run(id, completed: ended.description, account: "live"), account: "live", kind: .run,
            subject: EventID.runSubject(id, account: "live"), priority: outcome == .failed ? .high : .low, occurredAt: ended,
            seenAt: clock.now,
            payload: Payload(
                origin: Origin(automation: automation, automationID: "id-\(automation)", runID: id, runStatus: outcome.rawValue),
                detail: .run(RunDetail(outcome: outcome, error: outcome == .failed ? error : nil))))
        try await relay.admitter.admit([Sighting(event)])
        return event
    }

    @discardableResult
    func notify(_ name: String, _ priority: Priority = .normal, automation: String = "Invoices", ago: Duration = .zero) async throws
        -> Event
    {
        let id = EventID.notification(name, account: "live")
        let event = Event(
            id: id, account: "live", kind: .notification, subject: id, priority: priority, occurredAt: clock.now - ago, seenAt: clock.now,
            payload: Payload(
                origin: Origin(automation: automation, automationID: "id-\(automation)"),
                detail: .notification(NotificationDetail(type: "note", message: name))))
        try await relay.admitter.admit([Sighting(event)])
        return event
    }

    func close(looksGoOn: Bool = false) async throws { try await relay.closer.closeDue(unless: { looksGoOn }) }

    /// Sets the clock to a moment and closes the windows that are due then.
    func close(at moment: Timestamp) async throws {
        clock.advance(by: clock.now.duration(to: moment))
        try await close()
    }

    func members(of window: Int64) async throws -> [WindowMember] {
        try await ledger.readWindows([window]) { reader in
            var members: [WindowMember] = []
            try reader.eachMember { members.append($0) }
            return members
        }
    }

    /// The digests and bundles that were admitted, oldest first.
    func gathered() async throws -> [DigestDetail] {
        try await events(.digest).compactMap { if case .digest(let detail) = $0.payload.detail { detail } else { nil } }
    }

    /// The last digest or bundle.
    func lastGathered() async throws -> DigestDetail { try #require(try await gathered().last) }
}

extension Timestamp {
    /// A moment of a test; `distantPast` if the text cannot be read.
    static func at(_ text: String) -> Timestamp { Timestamp(text: text) ?? .distantPast }
}
