import Logging
import RelayCore

/// Passes a repeated problem once, and then reports once a minute how often it came again.
///
/// Warnings and errors with the same level, message and metadata are one problem. Less serious lines always pass. This is a value: the
/// caller gives it the time, as the uptime of a clock that never jumps.
struct RepeatFilter: Sendable {
    static let minute = Duration.seconds(60)
    /// The most problems that are counted at the same time. While there are more, further ones pass uncounted.
    static let mostTroubles = 500

    private struct Trouble: Hashable {
        var level: Logger.Level
        var message: String
        var metadata: [String: String]
    }

    private struct Count {
        var repeats = 0
        /// The uptime at which the counted minute ends.
        var end: Duration
    }

    private var counts: [Trouble: Count] = [:]

    /// Whether the line is to be written. A repetition is counted instead.
    mutating func passes(_ line: LogLine, at uptime: Duration) -> Bool {
        guard line.level >= .warning else { return true }
        let trouble = Trouble(level: line.level, message: line.message, metadata: line.metadata)
        if let count = counts[trouble], uptime < count.end || count.repeats > 0 {
            counts[trouble]?.repeats += 1
            return false
        }
        if counts.count >= Self.mostTroubles { counts = counts.filter { uptime < $0.value.end || $0.value.repeats > 0 } }
        if counts.count < Self.mostTroubles { counts[trouble] = Count(end: uptime + Self.minute) }
        return true
    }

    /// The lines with the counts of all minutes that have ended by now. A problem that did not come again for a minute is forgotten.
    mutating func ended(by uptime: Duration, at now: Timestamp) -> [LogLine] {
        var lines: [LogLine] = []
        for (trouble, count) in counts where count.end <= uptime {
            guard count.repeats > 0 else {
                counts[trouble] = nil
                continue
            }
            lines.append(Self.line(trouble, count, at: now))
            counts[trouble] = Count(end: uptime + Self.minute)
        }
        return lines.sorted { $0.message < $1.message }
    }

    /// The lines with the counts of all minutes that have not ended. All problems are forgotten.
    mutating func all(at now: Timestamp) -> [LogLine] {
        defer { counts = [:] }
        return counts.filter { $0.value.repeats > 0 }.map { Self.line($0.key, $0.value, at: now) }.sorted { $0.message < $1.message }
    }

    /// When the next count is due, as uptime; nil if nothing is repeated.
    var nextEnd: Duration? { counts.values.filter { $0.repeats > 0 }.map(\.end).min() }

    private static func line(_ trouble: Trouble, _ count: Count, at now: Timestamp) -> LogLine {
        let times = count.repeats == 1 ? "once more" : "\(count.repeats) more times"
        return LogLine(
            at: now, level: trouble.level, message: "\(trouble.message) (\(times) in the last minute)", metadata: trouble.metadata)
    }
}
