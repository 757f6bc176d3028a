package import RelayCore
package import RelaySupport

/// The `Retry-After` header (RFC 9110 §10.2.3), including decimal seconds, which some servers send although no standard allows them.
package enum RetryAfter {
    /// The range of waits that we accept. A shorter wait would be a hot loop; a longer one would block messages for as long as a server's
    /// mistake says.
    package static let believed: ClosedRange<Duration> = .seconds(1) ... .seconds(3_600)

    /// Parses the header's value.
    ///
    /// - Returns: a wait within `believed`. A past date gives the shortest wait; a number or date beyond the range gives the longest. Nil
    ///   for a negative number, and for text that is neither a number nor one of the three date forms of RFC 9110 §5.6.7.
    package static func parse(_ header: String, now: Timestamp) -> Duration? {
        let text = header.trimmed
        if let seconds = seconds(text) { return believing(seconds) }
        guard let date = Timestamp(httpDate: text, now: now) else { return nil }
        return believing(now.duration(to: date))
    }

    /// Limits a wait to `believed`.
    static func believing(_ wait: Duration) -> Duration { min(max(wait, believed.lowerBound), believed.upperBound) }

    /// Parses digits with at most one dot after the first digit: no sign, no exponent, no `inf`.
    private static func seconds(_ text: String) -> Duration? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, parts.allSatisfy({ $0.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } })
        else { return nil }
        guard let count = Int64(whole), count < 1_000_000 else { return believed.upperBound }
        let fraction = parts.count == 2 ? (Double("0.\(parts[1].prefix(9))0") ?? 0) : 0
        return .seconds(count) + .milliseconds(Int64((fraction * 1000).rounded(.up)))
    }
}

extension Timestamp {
    /// Parses a date in any of the three forms that HTTP allows (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94
    /// 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`. The name of the day is not checked.
    ///
    /// - Parameter now: a two-digit year becomes the nearest year to this time, at most 50 years ahead.
    init?(httpDate text: String, now: Timestamp) {
        guard text.utf8.count <= 64 else { return nil }
        var words = text.split { " ,-".contains($0) }.map(String.init)
        guard words.count >= 5 else { return nil }
        if words.count == 5 { words = [words[0], words[2], words[1], words[4], words[3], "GMT"] }
        guard words.count == 6, words[5] == "GMT", let day = Int(words[1]), let year = Self.year(words[3], now: now),
            let month = Self.months.firstIndex(of: words[2]), let second = Self.secondOfDay(words[4])
        else { return nil }
        let date = CivilDate(year: year, month: month + 1, day: day)
        guard date.isReal else { return nil }
        self.init(seconds: date.daysSince1970 * 86_400 + second)
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func year(_ digits: String, now: Timestamp) -> Int? {
        guard let number = Int(digits), number >= 0 else { return nil }
        switch digits.utf8.count {
        case 4: return number
        case 2:
            let present = CivilDate(daysSince1970: now.seconds.dividedDown(by: 86_400)).year
            let year = present / 100 * 100 + number
            return year > present + 50 ? year - 100 : year <= present - 50 ? year + 100 : year
        default: return nil
        }
    }

    private static func secondOfDay(_ text: String) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { $0.utf8.count == 2 ? Int64($0) : nil }
        guard parts.count == 3, numbers.count == 3, (0..<24).contains(numbers[0]), (0..<60).contains(numbers[1]),
            (0...60).contains(numbers[2])
        else { return nil }
        return numbers[0] * 3_600 + numbers[1] * 60 + numbers[2]
    }
}
