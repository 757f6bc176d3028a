import RelayCore

/// Counts requests in windows of one minute.
struct RateWindow: Sendable {
    private static let length: Duration = .seconds(60)
    private var began: Timestamp = .distantPast
    private var count = 0

    /// Counts one request and returns nil, or returns the number of seconds left in this window if the limit is reached.
    mutating func take(limit: Int, now: Timestamp) -> Int? {
        if now >= began + Self.length || now < began {
            began = now
            count = 0
        }
        guard count < limit else { return max(1, Int((began + Self.length - now).inSeconds.rounded(.up))) }
        count += 1
        return nil
    }

    /// The rate limit headers; none without a limit.
    /// `X-RateLimit-Reset` is in Unix seconds.
    func headers(limit: Int?) -> [(name: String, value: String)] {
        guard let limit else { return [] }
        return [
            ("X-RateLimit-Limit", "\(limit)"), ("X-RateLimit-Remaining", "\(max(0, limit - count))"),
            ("X-RateLimit-Reset", "\((began + Self.length).seconds)"),
        ]
    }
}
