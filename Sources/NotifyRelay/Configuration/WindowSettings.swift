import Dedup
import RelayCore
import RelaySupport

/// A message that collects events until its schedule says so.
struct DigestSettings: Sendable, Equatable {
    var name: String
    var place: Place
    var schedule: Recurrence
    var to: [String]
    /// The digest is sent even if there is nothing to tell.
    var sendEmpty = false
    /// The digest shows events in full even if they were told at once.
    var tellAgain = false
    /// The digest lists the open approvals.
    var waiting = false

    init(name: String, place: Place, schedule: Recurrence, to: [String]) {
        self.name = name
        self.place = place
        self.schedule = schedule
        self.to = to
    }
}

/// Hours in which a destination gets only events with a priority of at least `floor`.
struct QuietHours: Sendable, Equatable {
    var hours: WeeklyHours
    var floor: Priority

    /// When an event of this moment may be told; nil means at once.
    func end(for priority: Priority, at now: Timestamp) -> Timestamp? { priority < floor ? hours.end(at: now) : nil }
}

/// Sends the first of many similar events, and then a count.
struct Collapse: Sendable, Equatable {
    /// A fact that similar events have in common.
    enum Key: String, Sendable, CaseIterable { case account, automation, error, outcome, priority, trigger, type }

    var by: [Key]
    var within: Duration
}
