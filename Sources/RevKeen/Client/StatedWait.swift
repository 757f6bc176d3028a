import RelayCore
import RelaySupport
import Transport

/// How long a response of RevKeen asks us to wait.
enum StatedWait {
    /// A stated wait outside these bounds is probably a mistake, and is moved to the nearest bound.
    static let bounds: ClosedRange<Duration> = .seconds(1) ... .seconds(600)

    /// The stated wait; nil if nothing readable is stated.
    /// It comes from the header `Retry-After`, else from `details.retry_after`, else for a 429 from the time in `X-RateLimit-Reset`.
    ///
    /// - Parameter now: the time to compare dates with, if the response has no `Date` of its own.
    static func read(_ response: HTTPResponse, envelope: ErrorEnvelope, now: Timestamp) -> Duration? {
        let now = response.header("date").flatMap { Timestamp(httpDate: $0, now: now) } ?? now
        if let header = response.header("retry-after") {
            if let stated = RetryAfter.parse(header, now: now, within: bounds) { return stated }
            if let number = Double(header.trimmed), number < 0 { return bounds.lowerBound }
        }
        let other =
            envelope.retryAfterSeconds.flatMap(duration)
            ?? (response.status == 429 ? response.header("x-ratelimit-reset").flatMap(Timestamp.init(text:)) : nil)
            .map { now.duration(to: $0) }
        return other.map { RetryAfter.limited($0, to: bounds) }
    }

    private static func duration(seconds: Double) -> Duration? {
        guard !seconds.isNaN else { return nil }
        return .milliseconds(Int64(min(max(seconds, 0), 86_400) * 1000))
    }
}
