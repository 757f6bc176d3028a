import Dedup
import RelayCore

/// Closes the windows whose time has come. Closing is one transaction: the window, its message, and what that owes.
struct WindowCloser: Sendable {
    let ledger: Ledger
    let admitter: Admitter
    let clock: any WallClock
    let wake: @Sendable (Set<String>) -> Void

    func closeDue() async throws(LedgerError) {
        for window in try await ledger.dueWindows(at: clock.now) where window.name == CatchUp.name {
            let members = try await ledger.members(of: window.id).map(\.event)
            let bundle = CatchUp.bundle(
                members, destination: window.destination, opensAt: window.opensAt, closesAt: window.closesAt, now: clock.now)
            let owed = admitter.router.entries(
                bundle, window.destination, route: CatchUp.name, options: DeliveryOptions(), dueAt: clock.now)
            if try await ledger.closeWindow(window.id, with: bundle, owed: owed) { wake([window.destination]) }
        }
    }
}
