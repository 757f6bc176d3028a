import Dedup
import RelayCore

extension DigestDetail.Failure {
    /// One automation that failed in the window.
    ///
    /// - Parameter before: its failed runs in the window before; nil if there was no such window.
    init(_ tally: DigestFold.Tally, _ streak: WindowReader.Streak, before: Int?) {
        self.init(
            automation: tally.automation, count: tally.count, first: tally.first, last: tally.last,
            streak: max(streak.length, streak.isFailing ? 1 : 0), error: tally.lastError.map { $0.ending(most: DigestMaker.excerpt) },
            runID: tally.runs.first?.id)
        automationID = tally.automationID
        account = tally.account
        since = streak.since
        self.before = before
        runs = tally.runs.map(\.id)
        let kinds = tally.errors.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        errors = kinds.prefix(DigestMaker.mostReasons).map {
            DigestDetail.Reason(text: $0.key.ending(most: 160, from: .start), count: $0.value)
        }
        otherErrors = kinds.dropFirst(DigestMaker.mostReasons).reduce(tally.uncounted) { $0 + $1.value }
    }

    /// An automation that did not fail in the window and has recovered.
    init(_ key: AutomationKey, recoveredSince last: Event, _ streak: WindowReader.Streak) {
        let origin = last.payload.origin
        self.init(
            automation: origin.automation ?? key.automation, count: 0, first: streak.since ?? last.occurredAt,
            last: last.occurredAt, streak: streak.length, runID: origin.runID)
        automationID = origin.automationID
        account = last.account
        since = streak.since
    }
}
