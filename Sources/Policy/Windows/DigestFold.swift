import Dedup
import RelayCore

/// The members of a digest, folded one at a time by automation and kind of error, so that very many members need little memory.
struct DigestFold {
    /// The failed runs of one automation in the window.
    struct Tally {
        var automation: String
        var automationID: String?
        var account: String?
        var count = 0
        var first: Timestamp
        var last: Timestamp
        var lastError: String?
        var errors: [String: Int] = [:]
        /// The number of errors whose kind is not in `errors` because that is full.
        var uncounted = 0
        /// The runs that ended last, the latest first.
        var runs: [(id: String, ended: Timestamp)] = []

        mutating func keep(_ run: String, ended: Timestamp) {
            let place = runs.firstIndex { $0.ended <= ended } ?? runs.count
            runs.insert((run, ended), at: place)
            if runs.count > DigestFold.mostRuns { runs.removeLast() }
        }
    }

    private static let mostKinds = 50
    private static let mostLate = 2_000
    static let mostRuns = 5

    let zone: TimeZoneName
    let tellsAgain: Bool
    /// The highest number of events other than failures that are listed.
    let mostEvents: Int
    private(set) var failures: [AutomationKey: Tally] = [:]
    private(set) var events: [DigestDetail.Item] = []
    /// The absences that began, by the id of their event. Some of them may be over.
    private(set) var late: [String: DigestDetail.Late] = [:]
    private(set) var members = 0
    /// The number of events other than finished runs, including those that are not listed.
    private(set) var eventCount: [Event.Kind: Int] = [:]
    private(set) var told = 0
    private(set) var succeeded = 0
    private(set) var isStaging = false
    /// The number of failed runs by local day.
    private(set) var days: [String: Int] = [:]
    private var fingerprints = FingerprintMemory()

    init(zone: TimeZoneName, tellsAgain: Bool, mostEvents: Int) {
        self.zone = zone
        self.tellsAgain = tellsAgain
        self.mostEvents = mostEvents
    }

    mutating func add(_ member: WindowMember) {
        let event = member.event
        members += 1
        if event.payload.origin.staging { isStaging = true }
        if case .run(let detail) = event.payload.detail, detail.outcome == .failed {
            days[zone.civil(at: event.occurredAt).date.written, default: 0] += 1
        }
        if member.toldAtOnce && !tellsAgain {
            told += 1
            return
        }
        guard case .run(let detail) = event.payload.detail, detail.outcome != .cancelled else { return addOther(event) }
        if detail.outcome == .succeeded { succeeded += 1 } else { addFailure(event, detail) }
    }

    /// The members that say nothing: absences that are over.
    func overAndUnsaid(_ open: [String]) -> Int { late.keys.count { !open.contains($0) } }

    private mutating func addFailure(_ event: Event, _ detail: RunDetail) {
        let origin = event.payload.origin
        let key = AutomationKey(event) ?? AutomationKey(account: event.account ?? "", automation: "")
        let name = origin.automation ?? origin.automationID ?? "no automation"
        var tally =
            failures.removeValue(forKey: key)
            ?? Tally(
                automation: name, automationID: origin.automationID, account: event.account, first: event.occurredAt,
                last: event.occurredAt)
        tally.count += 1
        tally.first = min(tally.first, event.occurredAt)
        if event.occurredAt >= tally.last { (tally.last, tally.lastError, tally.automation) = (event.occurredAt, detail.error, name) }
        if let run = origin.runID { tally.keep(run, ended: event.occurredAt) }
        if let error = detail.error {
            let kind = fingerprints.of(error)
            if tally.errors[kind] != nil || tally.errors.count < Self.mostKinds {
                tally.errors[kind, default: 0] += 1
            } else {
                tally.uncounted += 1
            }
        }
        failures[key] = tally
    }

    private mutating func addOther(_ event: Event) {
        if event.kind == .absence, late.count < Self.mostLate {
            if let absence = DigestDetail.Late(event) { late[event.id] = absence }
            return
        }
        eventCount[event.kind, default: 0] += 1
        if events.count < mostEvents { events.append(DigestDetail.Item(event)) }
    }
}
