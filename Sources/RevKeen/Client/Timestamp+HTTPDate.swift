import RelayCore

extension Timestamp {
    /// Reads an HTTP date in any of its three forms (RFC 9110 §5.6.7); nil for anything else.
    init?(httpDate text: String) {
        let parts = text.split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
        let fields: (day: String, month: String, year: String, time: String)
        switch parts.count {
        case 6 where parts[5] == "GMT" || parts[5] == "UTC": fields = (parts[1], parts[2], parts[3], parts[4])
        case 5: fields = (parts[2], parts[1], parts[4], parts[3])
        default: return nil
        }
        guard let month = Self.months.firstIndex(of: fields.month), let day = Self.number(fields.day),
            let year = Self.year(fields.year), let seconds = Self.secondsOfDay(fields.time)
        else { return nil }
        let date = CivilDate(year: year, month: month + 1, day: day)
        guard date.isReal else { return nil }
        self.init(seconds: date.daysSince1970 * 86_400 + Int64(seconds))
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func number(_ text: some StringProtocol) -> Int? {
        guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }

    /// The year.
    /// Two digits are of the RFC 850 form: below 70 they mean 20xx, otherwise 19xx, because that form died out before 2070.
    private static func year(_ text: String) -> Int? {
        number(text).map { text.utf8.count == 2 ? ($0 < 70 ? 2000 + $0 : 1900 + $0) : $0 }
    }

    private static func secondsOfDay(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).compactMap { number($0) }
        guard parts.count == 3, parts[0] < 24, parts[1] < 60, parts[2] <= 60 else { return nil }
        return parts[0] * 3600 + parts[1] * 60 + parts[2]
    }
}
