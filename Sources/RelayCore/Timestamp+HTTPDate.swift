extension Timestamp {
    /// Reads a date in any of the three forms that HTTP allows (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94
    /// 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`. `UTC` is accepted for `GMT`. The name of the day is not checked. Nil for anything else.
    ///
    /// - Parameter now: a two-digit year becomes the nearest year to this time, at most 50 years ahead. Without it, a year below 70 means
    ///   20xx and any other 19xx.
    package init?(httpDate text: String, now: Timestamp? = nil) {
        guard text.utf8.count <= 64 else { return nil }
        var words = text.split { " ,-".contains($0) }.map(String.init)
        guard words.count >= 5 else { return nil }
        if words.count == 5 { words = [words[0], words[2], words[1], words[4], words[3], "GMT"] }
        guard words.count == 6, words[5] == "GMT" || words[5] == "UTC", let day = Self.number(words[1]),
            let year = Self.year(words[3], now: now), let month = Self.months.firstIndex(of: words[2]),
            let second = Self.secondOfDay(words[4])
        else { return nil }
        let date = CivilDate(year: year, month: month + 1, day: day)
        guard date.isReal else { return nil }
        self.init(seconds: date.daysSince1970 * 86_400 + Int64(second))
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func number(_ text: some StringProtocol) -> Int? {
        guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }

    private static func year(_ digits: String, now: Timestamp?) -> Int? {
        guard let number = number(digits) else { return nil }
        guard digits.utf8.count == 2 else { return digits.utf8.count == 4 ? number : nil }
        guard let now else { return number < 70 ? 2000 + number : 1900 + number }
        let present = CivilDate(daysSince1970: now.seconds.dividedDown(by: 86_400)).year
        let year = present / 100 * 100 + number
        return year > present + 50 ? year - 100 : year <= present - 50 ? year + 100 : year
    }

    private static func secondOfDay(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { $0.utf8.count == 2 ? number($0) : nil }
        guard parts.count == 3, numbers.count == 3, numbers[0] < 24, numbers[1] < 60, numbers[2] <= 60 else { return nil }
        return numbers[0] * 3_600 + numbers[1] * 60 + numbers[2]
    }
}
