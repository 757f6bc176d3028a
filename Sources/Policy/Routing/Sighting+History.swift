package import Dedup
package import RelayCore

extension Sighting {
    /// The same sighting. The event of a finished run says how its automation's runs ended before it.
    package func withHistory(from store: AdmissionReader) throws -> Sighting {
        guard case .run(let detail) = event.payload.detail, detail.outcome != .cancelled, let automation = AutomationKey(event) else {
            return self
        }
        var sighting = self
        sighting.event.payload.detail = .run(
            detail.after(try store.failures(of: automation, upTo: event.occurredAt, besides: event.payload.origin.runID)))
        return sighting
    }

    /// The messages about the failures that this success ended; none for other events.
    package func endedFailures(from store: AdmissionReader) throws -> [ToldFailure] {
        guard case .run(let detail) = event.payload.detail, detail.recoveredAfter != nil, let automation = AutomationKey(event) else {
            return []
        }
        return try store.toldFailures(of: automation, endedBy: event.occurredAt)
    }
}

extension RunDetail {
    /// The same run, after the failures in a row that came before it.
    package func after(_ failures: AdmissionReader.Failures) -> RunDetail {
        var detail = self
        (detail.streak, detail.recoveredAfter) = (nil, nil)
        detail.failingSince = failures.since
        switch outcome {
        case .failed: detail.streak = failures.count + 1
        case .succeeded: detail.recoveredAfter = failures.count > 0 ? failures.count : nil
        case .cancelled: detail.failingSince = nil
        }
        return detail
    }
}
