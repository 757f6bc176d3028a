import Dedup
import RelayCore
import RelaySupport

/// A message that gathers events, by its schedule.
struct DigestSettings: Sendable, Equatable {
    var name: String
    var place: Place
    var schedule: Recurrence
    var to: [String]
    /// Also when there is nothing to tell.
    var sendEmpty = false
    /// Also what was told at once.
    var tellAgain = false
    /// Also the approvals that wait.
    var waiting = false

    init(name: String, place: Place, schedule: Recurrence, to: [String]) {
        self.name = name
        self.place = place
        self.schedule = schedule
        self.to = to
    }
}

/// Hours in which a destination is told only what is at least as loud as `floor`.
struct QuietHours: Sendable, Equatable {
    var hours: WeeklyHours
    var floor: Priority

    /// When what comes now may be told; nil: at once.
    func end(for priority: Priority, at now: Timestamp) -> Timestamp? { priority < floor ? hours.end(at: now) : nil }
}

/// Tells the first of many alike, then a count.
struct Collapse: Sendable, Equatable {
    /// What makes two alike.
    enum Key: String, Sendable, CaseIterable { case account, automation, error, outcome, priority, trigger, type }

    var by: [Key]
    var within: Duration
}
