import Dedup
import RelayCore

/// Closes the windows whose time has come. Closing is one transaction: the window, its message, and what that owes.
struct WindowCloser: Sendable {
    let ledger: Ledger
    let admitter: Admitter
    let clock: any WallClock
    let wake: @Sendable (Set<String>) -> Void

    /// - Parameters:
    ///   - shortest: how long a bundle is open at least.
    ///   - looksGoOn: an account still reads what an outage left: its bundle waits, so that it becomes one and not several.
    func closeDue(shortest: Duration = CatchUp.shortest, unless looksGoOn: () async -> Bool) async throws(LedgerError) {
        for window in try await ledger.openWindows(named: CatchUp.name) {
            let now = clock.now
            if window.opensAt + shortest > now { continue }
            if window.opensAt + CatchUp.longest > now, await looksGoOn() { continue }
            let router = admitter.router
            let closed = try await ledger.closeWindow(window.id, most: CatchUp.mostItems) { contents in
                guard let bundle = CatchUp.bundle(contents, of: window, now: now) else { return nil }
                let owed = router.entries(
                    bundle, window.destination, route: CatchUp.name, options: DeliveryOptions(), dueAt: now)
                return Admission(event: bundle, owed: owed)
            }
            if closed { wake([window.destination]) }
        }
    }
}
