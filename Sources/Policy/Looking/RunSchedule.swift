package import RelayCore

/// The moments at which an automation starts runs by itself.
package struct RunSchedule: Sendable, Equatable {
    /// A run may start this long before its moment, by another clock.
    private static let early = Duration.seconds(5)
    /// A run that starts this long after its moment was started by somebody else.
    private static let late = Duration.seconds(600)
    /// A run that was not seen this long after its moment did not take place.
    private static let longestWait = Duration.seconds(3_600)

    private let cron: CronExpression
    private let zone: TimeZoneName
    /// The latest moment that has passed, if its run was not seen.
    package private(set) var open: Timestamp?
    /// The first moment that had not passed at the last look; nil if there is none.
    package private(set) var next: Timestamp?

    /// Nil if the expression or the time zone cannot be read.
    package init?(cron text: String, zone name: String?, now: Timestamp) {
        guard let cron = try? CronExpression(text), let zone = TimeZoneName(name ?? "UTC") else { return nil }
        self.cron = cron
        self.zone = zone
        next = cron.next(after: now, in: zone)
    }

    /// Whether both name the same moments.
    package func isSame(as other: RunSchedule?) -> Bool { cron == other?.cron && zone == other?.zone }

    /// The moments whose runs may end unseen.
    var expected: [Timestamp] { [open, next].compactMap(\.self) }

    /// Goes on to a look. What passed since the last one is open.
    mutating func pass(to now: Timestamp) {
        if let start = open, start < now - Self.longestWait { open = nil }
        guard var moment = next, moment <= now else { return }
        if moment < now - Self.longestWait { moment = cron.next(after: now - Self.longestWait, in: zone) ?? .distantFuture }
        while moment <= now {
            open = moment
            guard let after = cron.next(after: moment, in: zone) else { return next = nil }
            moment = after
        }
        next = moment
    }

    /// Closes the open moment if a run began at it.
    ///
    /// - Returns: the moment, and the index of its run among those that began.
    mutating func close(by begun: [Timestamp]) -> (start: Timestamp, index: Int)? {
        guard let start = open,
            let index = begun.firstIndex(where: { $0 >= start - Self.early && $0 <= start + Self.late })
        else { return nil }
        open = nil
        return (start, index)
    }
}
