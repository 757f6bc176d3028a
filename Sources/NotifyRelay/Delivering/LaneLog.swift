import Dedup
import Logging
import Policy
import RelayCore
import RelaySupport

/// Logs the lane of one destination: each settled attempt at `debug`, each change of the lane at `notice`.
struct LaneLog: Sendable {
    let logger: Logger

    func settled(_ claim: Claim, _ outcome: DeliveryOutcome, as settlement: Settlement, took: Duration) {
        // Every message passes here, and the line is rarely wanted.
        guard logger.logLevel <= .debug else { return }
        var metadata: Logger.Metadata = [
            "destination": "\(claim.destination)", "event": "\(claim.event.id)", "delivery": "\(claim.delivery)",
            "attempt": "\(claim.attempt)", "took_ms": "\(took.milliseconds)",
        ]
        if case .failed(let error) = outcome { metadata["reason"] = "\(error.detail)" }
        logger.debug("delivery \(settlement.word)", metadata: metadata)
    }

    /// Logs the parts of a delivery that are damaged in the store. The message says so too if the event is damaged.
    func damages(of claim: Claim) {
        let id = claim.event.id, place = "delivery \(claim.delivery) to \(claim.destination)"
        for damage in Claim.Damage.allCases where claim.damages.contains(damage) {
            switch damage {
            case .event: logger.error("\(place): \(id) cannot be read from the store; the message says so")
            case .options: logger.error("\(place): its options cannot be read from the store; \(id) is sent at most once")
            case .receipt:
                logger.error("\(place): the receipt of the earlier message cannot be read from the store; that message stays as it is")
            }
        }
    }

    func changed(_ change: LaneHealth.Change, _ destination: String, reason: String?) {
        let what: String
        switch change {
        case .none: return
        case .wentDown: what = "down: \(reason ?? "it does not answer")"
        case .closed: what = "closed: \(reason ?? "it refuses us")"
        case .opened(let after): what = "open again after \(after.spoken)"
        }
        logger.notice("destination \(destination) is \(what)", metadata: ["destination": "\(destination)"])
    }
}

extension Settlement {
    /// How the attempt settled the delivery, in a word or two.
    fileprivate var word: String {
        switch self {
        case .delivered: "delivered"
        case .retry(let at, _), .doubted(let at, _): "owed again at \(at)"
        case .plain: "owed again, in its plainest shape"
        case .deferred(let until, _): "deferred until \(until)"
        case .dead: "dead"
        case .unknown: "unknown"
        case .vanished: "vanished"
        case .dropped(let why): "dropped: \(why)"
        }
    }
}
