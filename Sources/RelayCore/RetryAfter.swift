import RelaySupport

/// The `Retry-After` header (RFC 9110 §10.2.3), including decimal seconds, which some servers send although no standard allows them.
package enum RetryAfter {
    /// The range of waits that a destination may state. A shorter wait would be a hot loop; a longer one would block messages for as long as
    /// a server's mistake says.
    package static let believed: ClosedRange<Duration> = .seconds(1) ... .seconds(3_600)

    /// Parses the header's value.
    ///
    /// - Parameter range: the waits that are believed; any other becomes the nearest of them.
    /// - Returns: a wait within `range`. A past date gives the shortest wait. Nil for a negative number, and for text that is neither a
    ///   number nor one of the three date forms of RFC 9110 §5.6.7.
    package static func parse(_ header: String, now: Timestamp, within range: ClosedRange<Duration> = believed) -> Duration? {
        let text = header.trimmed
        if let seconds = seconds(text) { return limited(seconds, to: range) }
        guard let date = Timestamp(httpDate: text, now: now) else { return nil }
        return limited(now.duration(to: date), to: range)
    }

    /// Limits a wait that a server states elsewhere.
    package static func limited(_ wait: Duration, to range: ClosedRange<Duration> = believed) -> Duration {
        min(max(wait, range.lowerBound), range.upperBound)
    }

    /// Parses digits with at most one dot after the first digit: no sign, no exponent, no `inf`.
    private static func seconds(_ text: String) -> Duration? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, parts.allSatisfy({ $0.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } })
        else { return nil }
        guard let count = Int64(whole), count < 1_000_000 else { return .seconds(1_000_000) }
        let fraction = parts.count == 2 ? (Double("0.\(parts[1].prefix(9))0") ?? 0) : 0
        return .seconds(count) + .milliseconds(Int64((fraction * 1000).rounded(.up)))
    }
}
