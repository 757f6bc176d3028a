import Dedup
import Logging
import Policy
import RelayCore
import RelaySupport

/// Receives the reports of all lanes, and counts, logs and reports them.
struct LaneObserver: Sendable {
    let metrics: Metrics
    let reports: SelfReport
    let storeHealth: StoreHealth
    let deaths: LaneCount
    let tellings: LaneCount
    let said: SaidOnce
    let logger: Logger

    /// - Parameter fallback: the destination that also gets a message when this one closes or opens again; nil if there is none.
    func observe(_ report: Lane.Report, from destination: String, fallback: String?) async {
        switch report {
        case .attempted(let outcome, let settlement, let took):
            metrics.delivered(destination, outcome, took: took)
            if case .delivered(let receipt) = outcome, let remark = receipt.remark { await observe(remark, destination) }
            observe(settlement, destination)
        case .templateFailed(let why):
            logger.warning("a template failed and the built-in one was used: \(why)", metadata: ["destination": "\(destination)"])
        case .ledger(let error): storeHealth.note(error)
        case .changed(let change, let isRefused, let reason, let since):
            await observe(change, isRefused: isRefused, reason: reason, since: since, destination, fallback: fallback)
        }
    }

    /// Says an odd response once for each destination.
    private func observe(_ remark: Receipt.Remark, _ destination: String) async {
        switch remark {
        case .notUnderstood(let what):
            guard said.isNew(destination, "not understood") else { return }
            logger.notice(
                "destination \(destination) takes messages with a response that is not understood (\(what)); they count as delivered",
                metadata: ["destination": "\(destination)"])
        case .page:
            guard said.isNew(destination, "page") else { return }
            await reports.once(
                SelfReport.Topic(name: "page", about: destination, account: nil),
                "destination \(destination) answers with a web page, such as a login page or the page of a proxy; its messages count as "
                    + "delivered and may not have arrived")
        }
    }

    /// Counts what arrived. It says each kind of death, and of a refusal of trimmings, once for each destination. The reports count the dead.
    private func observe(_ settlement: Settlement, _ destination: String) {
        switch settlement {
        case .dead(let reason):
            deaths.note()
            guard said.isNew(destination, "dead \(ErrorFingerprint.mask(reason))") else { return }
            logger.warning("a message to \(destination) is dead: \(reason)", metadata: ["destination": "\(destination)"])
        case .plain(let reason):
            guard said.isNew(destination, "plain \(ErrorFingerprint.mask(reason))") else { return }
            logger.warning(
                "destination \(destination) refuses the trimmings of a message, which is sent as plain text: \(reason)",
                metadata: ["destination": "\(destination)"])
        // The settlement is written already, so who counts these finds it in the store.
        case .delivered, .unknown: tellings.note()
        case .dropped, .vanished, .retry, .doubted, .deferred: break
        }
    }

    private func observe(
        _ change: LaneHealth.Change, isRefused: Bool, reason: String?, since: Timestamp?, _ destination: String, fallback: String?
    ) async {
        switch change {
        case .none: break
        // A destination that fails may be back soon, and is reported later. One that refuses us will not be back by itself.
        case .wentDown: if isRefused { await reports.beginDown(destination, reason: reason, since: since, fallback: fallback) }
        case .closed: await reports.beginClosed(destination, reason: reason, since: since, fallback: fallback)
        case .opened:
            await reports.end(.closed(destination), "destination \(destination) is open again", also: fallback)
            await reports.end(.down(destination), "destination \(destination) is reachable again", also: fallback)
        }
    }
}
