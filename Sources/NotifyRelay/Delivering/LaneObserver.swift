import Dedup
import Logging
import Policy
import RelayCore

/// Receives the reports of all lanes, and counts, logs and reports them.
struct LaneObserver: Sendable {
    let metrics: Metrics
    let reports: SelfReport
    let storeHealth: StoreHealth
    let logger: Logger

    /// - Parameter fallback: the destination that also gets a message when this one closes or opens again; nil if there is none.
    func observe(_ report: Lane.Report, from destination: String, fallback: String?) async {
        switch report {
        case .attempted(let outcome, let took): metrics.delivered(destination, outcome, took: took)
        case .templateFailed(let why):
            logger.warning("a template failed and the built-in one was used: \(why)", metadata: ["destination": "\(destination)"])
        case .ledger(let error): storeHealth.note(error)
        case .changed(let change, let reason, let since):
            await observe(change, reason: reason, since: since, destination, fallback: fallback)
        }
    }

    private func observe(
        _ change: LaneHealth.Change, reason: String?, since: Timestamp?, _ destination: String, fallback: String?
    ) async {
        switch change {
        case .none, .wentDown: break
        case .closed: await reports.beginClosed(destination, reason: reason, since: since, fallback: fallback)
        case .opened:
            await reports.end(.closed(destination), "destination \(destination) is open again", also: fallback)
            await reports.end(.down(destination), "destination \(destination) is reachable again", also: fallback)
        }
    }
}
