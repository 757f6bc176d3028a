/// A moment of wall-clock time in UTC, to the millisecond.
///
/// This is the only type of moment that is stored or compared between runs of the program. Lengths of time are `Duration`.
package struct Timestamp: InstantProtocol, Codable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z; negative before it.
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package init(seconds: Int64) {
        self.milliseconds = seconds.multipliedReportingOverflow(by: 1000).partialValue
    }

    /// Whole seconds since 1970, rounded down.
    package var seconds: Int64 {
        milliseconds.dividedDown(by: 1000)
    }

    package static let distantPast = Timestamp(milliseconds: 0)
    /// 9999-12-31T23:59:59Z, the last moment that RFC 3339 can write.
    package static let distantFuture = Timestamp(seconds: 253_402_300_799)

    package func advanced(by duration: Duration) -> Timestamp {
        Timestamp(milliseconds: milliseconds.addingReportingOverflow(duration.milliseconds).partialValue)
    }

    /// The time from this moment to the other; the nearest representable one if it does not fit in 64 bits of milliseconds.
    package func duration(to other: Timestamp) -> Duration {
        let (difference, overflow) = other.milliseconds.subtractingReportingOverflow(milliseconds)
        return .milliseconds(overflow ? (other < self ? .min : .max) : difference)
    }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    package static func + (a: Timestamp, b: Duration) -> Timestamp { a.advanced(by: b) }
    package static func - (a: Timestamp, b: Duration) -> Timestamp { a.advanced(by: .zero - b) }
    package static func - (a: Timestamp, b: Timestamp) -> Duration { b.duration(to: a) }

    package init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? (seconds < 0 ? .min / 4 : .max / 4) : whole + attoseconds / 1_000_000_000_000_000
    }

    /// The duration in seconds with a fraction, for metrics and for people.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
