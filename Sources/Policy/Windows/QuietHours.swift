package import RelayCore

/// Hours in which a destination gets only events with a priority of at least `floor`.
package struct QuietHours: Sendable, Equatable {
    package var hours: WeeklyHours
    package var floor: Priority

    package init(hours: WeeklyHours, floor: Priority) {
        self.hours = hours
        self.floor = floor
    }

    /// When an event of this moment may be told; nil means at once.
    package func end(for priority: Priority, at now: Timestamp) -> Timestamp? { priority < floor ? hours.end(at: now) : nil }
}
