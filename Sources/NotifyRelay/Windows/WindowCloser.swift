import Dedup
import Policy
import RelayCore

/// Closes the windows whose time has come.
/// Each closing is one transaction with the windows, their message and the deliveries that the message owes.
struct WindowCloser: Sendable {
    let ledger: Ledger
    let admitter: Admitter
    let clock: any WallClock
    /// When this run of the program began to poll.
    let startedAt: Timestamp
    let wake: @Sendable (Set<String>) -> Void

    private var router: Router { admitter.router }

    /// - Parameters:
    ///   - shortest: the shortest time that a window of an outage stays open.
    ///   - looksGoOn: whether an account still reads what an outage left; the outage's windows and digests then wait.
    func closeDue(shortest: Duration = CatchUp.shortest, unless looksGoOn: () async -> Bool) async throws(LedgerError) {
        try await close(.catchUp, try await readCatchUps(shortest: shortest, unless: looksGoOn))
        let due = Dictionary(grouping: try await ledger.dueWindows(at: clock.now), by: \.kind)
        try await closeDigests(due[.digest] ?? [], unless: looksGoOn)
        try await close(.ceiling, try await calm(due[.ceiling] ?? []))
        try await close(.storm, try await untold(due[.storm] ?? []))
        try await close(.quiet, due[.quiet] ?? [])
        try await close(.mute, due[.mute] ?? [])
    }

    /// The deliveries of a digest or bundle: they wait for the end of quiet hours, but never join a window.
    ///
    /// - Parameter isReleased: a person wants it told now, so it waits for nothing.
    func owed(_ event: Event, to destinations: [String], route: RouteName, isReleased: Bool = false) -> [PlannedDelivery] {
        let plan = DeliveryPlan(router: router, mutes: [], now: clock.now)
        return destinations.flatMap { destination in
            let entries = router.entries(event, destination, route: route, options: DeliveryOptions(), dueAt: plan.now)
            guard !isReleased, let deferral = plan.deferral(of: event, at: destination, route: route) else { return entries }
            return entries.map { $0.held(until: deferral.until) }
        }
    }

    /// Closes windows as one bundle for each destination.
    private func close(_ kind: BundleKind, _ windows: [Window]) async throws(LedgerError) {
        for (destination, windows) in Dictionary(grouping: windows, by: \.destination).sorted(by: { $0.key < $1.key }) {
            let isReleased = windows.contains { $0.isReleased }
            let bundle = Bundle(kind: kind, destination: destination, now: clock.now)
            let told = try await ledger.close(windows.map(\.id)) { reader in
                guard let event = try bundle.event(reader) else { return nil }
                return Admission(event: event, owed: owed(event, to: [destination], route: .builtIn(kind.route), isReleased: isReleased))
            }.told
            if told != nil { wake([destination]) }
        }
    }

    /// The open windows of an outage that everything has been read into, or that have been open for the longest time.
    private func readCatchUps(shortest: Duration, unless looksGoOn: () async -> Bool) async throws(LedgerError) -> [Window] {
        var read: [Window] = []
        for window in try await ledger.openWindows(.catchUp) {
            let now = clock.now
            if window.opensAt + shortest > now { continue }
            if window.opensAt + CatchUp.longest > now, await looksGoOn() { continue }
            read.append(window)
        }
        return read
    }

    /// The windows of destinations that get few events again, or that have been held for the longest time.
    /// The others are moved to close a little later.
    private func calm(_ due: [Window]) async throws(LedgerError) -> [Window] {
        var calm: [Window] = []
        for window in due {
            let now = clock.now
            guard let ceiling = router.rules[window.destination]?.ceiling, window.opensAt + ceiling.within * Self.longestHold > now,
                try await ledger.arrivals(at: window.destination, since: now - ceiling.within, most: ceiling.most) >= ceiling.most
            else {
                calm.append(window)
                continue
            }
            try await ledger.move(window.id, to: min(now + Self.lookAgain, window.opensAt + ceiling.within * Self.longestHold).wholeSecond)
        }
        return calm
    }

    /// A ceiling's window closes after this many times the ceiling's `within`, even if the events do not stop.
    private static let longestHold = 6
    private static let lookAgain = Duration.seconds(15)

    /// The windows whose count needs a message of its own.
    /// If the first event's message can be edited, the count is shown there, and the window is closed here without a message.
    private func untold(_ due: [Window]) async throws(LedgerError) -> [Window] {
        var untold: [Window] = []
        for window in due {
            let edits = router.rules[window.destination]?.edits ?? false
            if edits, try await ledger.refreshCollapsed(window.id, at: window.destination) {
                _ = try await ledger.close([window.id]) { _ in nil }
                wake([window.destination])
            } else {
                untold.append(window)
            }
        }
        return untold
    }
}
