import Dedup
import Policy
import RelayCore

/// Says when ill lanes are looked after. Each round asks the ledger for what was owed too long, so a round comes less often than a turn.
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

/// Tells a destination's `fallback` while its lane is ill: once when it closes, or once it was down for 15 minutes; from then on the
/// fallback also gets what is `high` or more and was owed for 15 minutes.
struct FallbackHelp: Sendable {
    static let patience = Duration.seconds(15 * 60)

    let ledger: Ledger
    let router: Router
    let lanes: LaneRegistry
    let reports: SelfReport
    let clock: any WallClock

    /// After a fault of the store the next round tries again.
    func help(_ destination: Destination, _ health: LaneHealth) async throws(LedgerError) {
        let now = clock.now
        switch health.state {
        case .open: return
        case .down(let since, _, _):
            guard since.duration(to: now) >= Self.patience else { return }
            await reports.begin(
                .down(destination.name), "destination \(destination.name) has been down since \(since): \(health.reason ?? "")", at: since,
                also: destination.fallback)
        case .closed(let since):
            // It was said when the lane closed. After a restart it is said again under the same id, so that its end can be said.
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
    /// - Parameters:
    ///   - since: when the lane closed; it is a part of the report's id, so a restart does not tell it again.
    ///   - fallback: the destination that is told too; nil where there is none.
    func beginClosed(_ destination: String, reason: String?, since: Timestamp?, fallback: String?) async {
        await begin(
            .closed(destination),
            "destination \(destination) is closed: \(reason ?? "it refuses us"); `lanes open \(destination)` opens it", at: since,
            also: fallback)
    }
}
