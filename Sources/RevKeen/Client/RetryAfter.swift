import RelayCore
import RelaySupport
import Transport

/// How long a response asks us to wait.
enum RetryAfter {
    /// The bounds of a wait.
    /// A stated wait outside them is probably a mistake, and is moved to the nearest bound.
    static let bounds: ClosedRange<Duration> = .seconds(1) ... .seconds(600)

    /// The stated wait; nil if nothing readable is stated.
    /// It comes from the header `Retry-After` (RFC 9110 §10.2.3: seconds or a date; a fraction is accepted), else from
    /// `details.retry_after`, else for a 429 from the time in `X-RateLimit-Reset`.
    ///
    /// - Parameter now: the time to compare dates with, if the response has no `Date` of its own.
    static func read(_ answer: HTTPResponse, envelope: ErrorEnvelope, now: Timestamp) -> Duration? {
        let now = answer.header("date").flatMap(Timestamp.init(httpDate:)) ?? now
        let stated =
            answer.header("retry-after").flatMap { duration($0, now: now) }
            ?? envelope.retryAfterSeconds.flatMap(duration(seconds:))
            ?? (answer.status == 429 ? answer.header("x-ratelimit-reset").flatMap(Timestamp.init(text:)) : nil)
            .map { now.duration(to: $0) }
        return stated.map { min(max($0, bounds.lowerBound), bounds.upperBound) }
    }

    private static func duration(_ text: String, now: Timestamp) -> Duration? {
        let trimmed = text.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
        if let date = Timestamp(httpDate: trimmed) { return now.duration(to: date) }
        guard trimmed.utf8.allSatisfy("0123456789.-".utf8.contains) else { return nil }
        return Double(trimmed).flatMap(duration(seconds:))
    }

    private static func duration(seconds: Double) -> Duration? {
        guard !seconds.isNaN else { return nil }
        return .milliseconds(Int64(min(max(seconds, 0), 86_400) * 1000))
    }
}
