import Dedup
import Policy
import RelayCore

/// Decides when the lanes that are down or closed are checked. Each round queries the ledger for deliveries that were owed too long, so
/// rounds come less often than turns.
struct FallbackWatch {
    static let roundEvery = Duration.seconds(15)

    private var nextRound = Timestamp.distantPast

    /// A clock that was set back does not postpone the next round.
    mutating func isRoundDue(at now: Timestamp) -> Bool {
        guard now >= nextRound || nextRound > now + Self.roundEvery else { return false }
        nextRound = now + Self.roundEvery
        return true
    }
}

/// Informs a destination's `fallback` while the destination's lane is down or closed. It sends one report when the lane closes, or when it
/// was down for 15 minutes. From then on the fallback also gets the deliveries of priority `high` and above that were owed for 15 minutes.
struct FallbackHelp: Sendable {
    static let patience = Duration.seconds(15 * 60)

    let ledger: Ledger
    let router: Router
    let lanes: LaneRegistry
    let reports: SelfReport
    let clock: any WallClock

    /// Does one round for one lane. If the store fails, the next round tries again.
    func help(_ destination: Destination, _ health: LaneHealth) async throws(LedgerError) {
        let now = clock.now
        switch health.state {
        // What waits long enough for a rate limit or a quota goes to the fallback too.
        case .open: guard health.blockedUntil > now else { return }
        case .down(let since, _, _):
            guard since.duration(to: now) >= Self.patience else { return }
            await reports.beginDown(destination.name, reason: health.reason, since: since, fallback: destination.fallback)
        case .closed(let since):
            // The report was sent when the lane closed. After a restart it is begun again under the same id, so that its end can be
            // reported.
            await reports.beginClosed(destination.name, reason: health.reason, since: since, fallback: destination.fallback)
        }
        guard let fallback = destination.fallback else { return }
        try await divert(from: destination.name, to: fallback, at: now)
    }

    private func divert(from destination: String, to fallback: String, at now: Timestamp) async throws(LedgerError) {
        let quiet = router.rules[fallback]?.quiet
        let added = try await ledger.divert(
            from: destination, to: fallback, recipients: router.recipients[fallback] ?? [""], atLeast: .high,
            seenBefore: now - Self.patience, quiet: { quiet?.end(for: $0, at: now) })
        if added > 0 { lanes.wake([fallback]) }
    }
}

extension SelfReport.Topic {
    static func down(_ destination: String) -> Self { Self(name: "down", about: destination, account: nil) }
    static func closed(_ destination: String) -> Self { Self(name: "closed", about: destination, account: nil) }
}

extension SelfReport {
    /// - Parameter since: when the lane went down; it is part of the report's id.
    func beginDown(_ destination: String, reason: String?, since: Timestamp?, fallback: String?) async {
        let began = since ?? .distantPast
        await begin(
            .down(destination), "destination \(destination) has been down since \(began): \(reason ?? "it does not answer")", at: since,
            also: fallback)
    }

    /// - Parameters:
    ///   - since: when the lane closed. It is part of the report's id, so that a restart does not send the report again.
    ///   - fallback: another destination that gets the report too; nil if there is none.
    func beginClosed(_ destination: String, reason: String?, since: Timestamp?, fallback: String?) async {
        await begin(
            .closed(destination),
            "destination \(destination) is closed: \(reason ?? "it refuses us"); `lanes open \(destination)` opens it", at: since,
            also: fallback)
    }
}
