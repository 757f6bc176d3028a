import Dedup
import RelayCore

/// Closes the windows whose time has come. Closing is one transaction: the windows, their one message, and what that owes.
struct WindowCloser: Sendable {
    let ledger: Ledger
    let admitter: Admitter
    let clock: any WallClock
    /// When the program began to look.
    let startedAt: Timestamp
    let wake: @Sendable (Set<String>) -> Void

    private var router: Router { admitter.router }

    /// - Parameters:
    ///   - shortest: how long a bundle of an outage is open at least.
    ///   - looksGoOn: an account still reads what an outage left: its bundle waits, so that it becomes one and not several, and so do digests.
    func closeDue(shortest: Duration = CatchUp.shortest, unless looksGoOn: () async -> Bool) async throws(LedgerError) {
        try await closeCatchUps(shortest: shortest, unless: looksGoOn)
        let due = try await ledger.dueWindows(at: clock.now)
        try await closeDigests(due.filter { $0.kind == .digest }, unless: looksGoOn)
        let held = due.filter { $0.kind != .digest && $0.name != CatchUp.name }
        try await closeCeilings(held.filter { $0.kind == .storm && $0.name == Bundle.ceilingName })
        try await closeStorms(held.filter { $0.kind == .storm && $0.name != Bundle.ceilingName })
        try await closeHeld(held.filter { $0.kind == .quiet })
    }

    /// What is owed of a message that windows became: a digest or a bundle waits for the end of quiet hours, and is never gathered again.
    func owed(_ event: Event, to destinations: [String], route: String) -> [PlannedDelivery] {
        let holding = DeliveryPlan(router: router, mutes: [], now: clock.now)
        return destinations.flatMap { destination in
            let entries = router.entries(event, destination, route: route, options: DeliveryOptions(), dueAt: holding.now)
            guard let hold = holding.hold(event, at: destination, route: route) else { return entries }
            return entries.map { $0.held(until: hold.until) }
        }
    }

    private func closeCatchUps(shortest: Duration, unless looksGoOn: () async -> Bool) async throws(LedgerError) {
        for window in try await ledger.openWindows(named: CatchUp.name) {
            let now = clock.now
            if window.opensAt + shortest > now { continue }
            if window.opensAt + CatchUp.longest > now, await looksGoOn() { continue }
            let closed = try await ledger.closeWindow(window.id, most: CatchUp.mostItems) { contents in
                guard let bundle = CatchUp.bundle(contents, of: window, now: now) else { return nil }
                return Admission(event: bundle, owed: owed(bundle, to: [window.destination], route: CatchUp.name))
            }
            if closed { wake([window.destination]) }
        }
    }

    /// Hours of quiet and mutes that ended, one bundle for each destination.
    private func closeHeld(_ due: [Window]) async throws(LedgerError) {
        let quiet = due.filter { !$0.name.hasPrefix(Mute.windowPrefix) }
        try await bundle(quiet, .quiet)
        try await bundle(due.filter { $0.name.hasPrefix(Mute.windowPrefix) }, .mute)
    }

    /// A destination that has quietened down, or has been held long enough, is told what was too much for it.
    private func closeCeilings(_ due: [Window]) async throws(LedgerError) {
        var quiet: [Window] = []
        for window in due {
            let now = clock.now
            guard let ceiling = router.manners[window.destination]?.ceiling, window.opensAt + ceiling.within * Self.longestHold > now,
                try await ledger.arrivals(at: window.destination, since: now - ceiling.within, most: ceiling.most) >= ceiling.most
            else {
                quiet.append(window)
                continue
            }
            try await ledger.move(window.id, to: min(now + Self.lookAgain, window.opensAt + ceiling.within * Self.longestHold).wholeSecond)
        }
        try await bundle(quiet, .storm)
    }

    /// In a storm that does not end, a summary comes after so many times the length of the ceiling.
    private static let longestHold = 6
    private static let lookAgain = Duration.seconds(15)

    /// The count stands in the message of the first where that can be changed, else in one that follows.
    private func closeStorms(_ due: [Window]) async throws(LedgerError) {
        var untold: [Window] = []
        for window in due {
            let edits = router.manners[window.destination]?.edits ?? false
            if edits, try await ledger.refreshStorm(window.id, at: window.destination) {
                _ = try await ledger.close([window.id]) { _ in nil }
                wake([window.destination])
            } else {
                untold.append(window)
            }
        }
        try await bundle(untold, .storm)
    }

    private func bundle(_ windows: [Window], _ why: Bundle.Why) async throws(LedgerError) {
        for (destination, windows) in Dictionary(grouping: windows, by: \.destination).sorted(by: { $0.key < $1.key }) {
            let bundle = Bundle(why: why, destination: destination, now: clock.now)
            let told = try await ledger.close(windows.map(\.id)) { gathering in
                guard let event = try bundle.event(gathering) else { return nil }
                return Admission(event: event, owed: owed(event, to: [destination], route: why.rawValue))
            }.told
            if told != nil { wake([destination]) }
        }
    }
}
