import Dedup
import Policy
import RelayCore
import RevKeen

/// The state between the looks at one automation's runs, in memory only.
struct RunListState {
    /// A hot look asks for so few, and doubles that until it sees all that is new.
    private static let fewest = 5
    /// The whole list is read each time so long, since a change below its top shows nowhere else.
    private static let wholeEvery = Duration.seconds(600)

    /// The most finished runs of one look that durations are learned from.
    private static let mostFinished = 1_000

    /// Whether its runs without a readable time count as past.
    private(set) var isFirstLook: Bool
    private var backoff = ErrorBackoff()
    /// The last good answers, by the limit that they were asked with.
    private var answers: [Int: Fingerprint] = [:]
    /// Nil until two entries with different times were seen.
    private var order: Listing<Run>.Order?
    private var wholeAt: Timestamp?
    /// The number of entries down to the deepest run that goes on.
    private var depth = 0
    /// The runs that go on, and since when.
    private(set) var running: [String: Timestamp] = [:]
    /// What RevKeen's clock showed at the last answer; nil if it did not say.
    var date: Timestamp?
    /// What the present look has brought so far.
    var sight = ListOutlook.Sight()

    init(isFirstLook: Bool) { self.isFirstLook = isFirstLook }

    /// How many entries to ask for. All, if it is not known that new ones stand at the top.
    func limit(at now: Timestamp) -> Int {
        let most = RevKeenClient.mostEntries
        guard order == .newest, let wholeAt, wholeAt <= now, now < wholeAt + Self.wholeEvery else { return most }
        var limit = Self.fewest
        while limit < most, limit <= depth { limit *= 2 }
        return min(limit, most)
    }

    func fingerprint(_ limit: Int) -> Fingerprint? { answers[limit] }

    /// All of an answer was stored.
    ///
    /// - Parameter isWhole: nothing of the list waits to be read.
    mutating func took(_ listing: Listing<Run>, limit: Int, isWhole: Bool, at now: Timestamp) {
        if listing.order != .unknown { order = listing.order }
        if limit == RevKeenClient.mostEntries { wholeAt = now }
        answers[limit] = isWhole && listing.complaint == nil && listing.tellsWhole ? listing.fingerprint : nil
        depth = (listing.items.lastIndex { $0.completedAt == nil } ?? -1) + 1
        // A run that goes on and is not shown has sunk below the end of what was asked for, or below what is ever shown.
        let shown = Set(listing.items.map(\.id))
        let sunk = running.keys.filter { !shown.contains($0) }
        if limit < RevKeenClient.mostEntries { depth = sunk.isEmpty ? depth : limit } else { for run in sunk { running[run] = nil } }
    }

    /// Notes what a page shows.
    ///
    /// - Parameter known: the runs of the page that were stored before.
    mutating func see(_ runs: [Run], known: [String: RunWatch], at now: Timestamp) {
        for run in runs {
            let began = run.startedAt?.moment ?? run.createdAt?.moment
            let before = known[run.id].flatMap { $0.shown.isEmpty ? nil : $0 }
            if before == nil, let began = began ?? run.completedAt?.moment { sight.begun.append(began) }
            if let ended = run.completedAt?.moment {
                if before?.completedAt == nil, sight.finished.count < Self.mostFinished {
                    sight.finished.append(ListOutlook.Finished(started: began, ended: ended))
                }
                running[run.id] = nil
            } else if run.completedAt == nil {
                running[run.id] = began ?? running[run.id] ?? now
            }
        }
    }

    mutating func succeeded() {
        backoff.succeeded()
        isFirstLook = false
    }

    mutating func forgetAnswers() { answers = [:] }

    /// Counts a failure. Returns how long to wait, and whether the list has failed for long.
    mutating func failed(pace: Duration) -> (wait: Duration, isLasting: Bool) {
        (backoff.failed(pace: pace), backoff.isLasting)
    }
}
