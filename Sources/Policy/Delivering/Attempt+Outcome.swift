package import Dedup
package import RelayCore

extension Attempt {
    /// The attempt's row.
    package init(_ outcome: DeliveryOutcome, at: Timestamp, took: Duration) {
        var detail = ""
        if case .failed(let error) = outcome { detail = error.detail }
        self.init(at: at, outcome: outcome.word, reason: outcome.reason, detail: detail, took: took)
    }
}
