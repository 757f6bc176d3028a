import RelayCore

/// Counts requests in windows of a minute.
struct RateWindow: Sendable {
    private static let length: Duration = .seconds(60)
    private var began: Timestamp = .distantPast
    private var count = 0

    /// Takes one place and returns nil, or returns how many seconds are left of this window.
    mutating func take(limit: Int, now: Timestamp) -> Int? {
        if now >= began + Self.length || now < began {
            began = now
            count = 0
        }
        guard count < limit else { return max(1, Int((began + Self.length - now).inSeconds.rounded(.up))) }
        count += 1
        return nil
    }

    /// `X-RateLimit-Reset` is in Unix seconds.
    func headers(limit: Int?) -> [(name: String, value: String)] {
        guard let limit else { return [] }
        return [
            ("X-RateLimit-Limit", "\(limit)"), ("X-RateLimit-Remaining", "\(max(0, limit - count))"),
            ("X-RateLimit-Reset", "\((began + Self.length).seconds)"),
        ]
    }
}
