/// When a route reminds of an approval that still waits. Its times count from the moment when a destination was told.
package struct ReminderLadder: Sendable, Equatable {
    /// The moment at which further destinations are told.
    package struct Escalation: Sendable, Equatable {
        package var after: Duration
        /// Destinations that do not have the request get it; those that have it are reminded.
        package var to: [String]
        package var mention: String?

        package init(after: Duration, to: [String], mention: String?) {
            self.after = after
            self.to = to
            self.mention = mention
        }
    }

    /// The times of the plain reminders.
    package var steps: [Duration]
    /// Only the working hours of the destination count.
    package var isWorkingTime: Bool
    /// After this time the request is marked as overdue; nil means never. RevKeen does not know of it.
    package var overdue: Duration?
    package var escalation: Escalation?

    package init(steps: [Duration], isWorkingTime: Bool, overdue: Duration?, escalation: Escalation?) {
        self.steps = steps
        self.isWorkingTime = isWorkingTime
        self.overdue = overdue
        self.escalation = escalation
    }

    /// All times at which something is sent, each once, the earliest first.
    package var moments: [Duration] { Set(steps + [overdue, escalation?.after].compactMap(\.self)).sorted() }
}
