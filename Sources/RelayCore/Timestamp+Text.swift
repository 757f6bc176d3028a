import RelaySupport

extension Timestamp: CustomStringConvertible {
    /// The time in RFC 3339 format, in UTC, to the second: `2026-11-03T14:05:09Z`.
    /// All ids and all `--json` outputs use this format.
    package var description: String {
        let civil = CivilDate(daysSince1970: seconds.dividedDown(by: 86_400))
        let second = Int(seconds - seconds.dividedDown(by: 86_400) * 86_400)
        guard (0...9_999).contains(civil.year) else {
            return "\(civil.year)-\(pad(civil.month, 2))-\(pad(civil.day, 2))T"
                + "\(pad(second / 3600, 2)):\(pad(second / 60 % 60, 2)):\(pad(second % 60, 2))Z"
        }
        return String(unsafeUninitializedCapacity: 20) { out in
            var at = 0
            func write(_ number: Int, _ width: Int, _ mark: Unicode.Scalar) {
                var rest = number
                for place in stride(from: at + width - 1, through: at, by: -1) {
                    out[place] = UInt8(48 + rest % 10)
                    rest /= 10
                }
                out[at + width] = UInt8(ascii: mark)
                at += width + 1
            }
            write(civil.year, 4, "-")
            write(civil.month, 2, "-")
            write(civil.day, 2, "T")
            write(second / 3600, 2, ":")
            write(second / 60 % 60, 2, ":")
            write(second % 60, 2, "Z")
            return at
        }
    }

    /// Reads a time in the formats that an API may use.
    /// These are ISO 8601 with or without zone and fraction (no zone means UTC), a bare date, and Unix seconds or milliseconds. Nil for
    /// anything else; the caller then keeps the text.
    package init?(text: String) {
        var reader = DigitReader(Array(text.utf8))
        if let moment = reader.unixTime() ?? reader.iso8601() {
            self = moment
        } else {
            return nil
        }
    }
}

/// A day of the proleptic Gregorian calendar, computed without tables.
/// Source of the arithmetic: https://howardhinnant.github.io/date_algorithms.html
package struct CivilDate: Sendable, Equatable {
    package var year: Int
    package var month: Int
    package var day: Int

    package init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    package init(daysSince1970 days: Int64) {
        let shifted = days + 719_468
        let era = shifted.dividedDown(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
        month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    }

    package var daysSince1970: Int64 {
        let y = Int64(month <= 2 ? year - 1 : year)
        let era = y.dividedDown(by: 400)
        let yearOfEra = y - era * 400
        let monthFromMarch = Int64(month > 2 ? month - 3 : month + 9)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(day) - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The day of the week; 0 is Monday, 6 is Sunday.
    package var weekday: Int { Int((daysSince1970 + 3) - (daysSince1970 + 3).dividedDown(by: 7) * 7) }

    package var isReal: Bool {
        (1...12).contains(month) && day >= 1 && CivilDate(daysSince1970: daysSince1970) == self
    }
}

extension Int64 {
    /// Divides and rounds towards minus infinity, as calendar arithmetic needs.
    package func dividedDown(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

private func pad(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// Reads the bytes of a written time.
/// Every function either moves past what it read or returns nil.
private struct DigitReader {
    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads Unix time: ten digits are seconds, thirteen are milliseconds.
    /// An optional fraction is ignored.
    mutating func unixTime() -> Timestamp? {
        let whole = bytes.prefix { $0 != UInt8(ascii: ".") }
        guard whole.count == 10 || whole.count == 13, bytes.count <= 30,
            bytes.dropFirst(whole.count + 1).allSatisfy(\.isDigit), whole.allSatisfy(\.isDigit),
            let number = Int64(String(decoding: whole, as: UTF8.self))
        else { return nil }
        return whole.count == 10 ? Timestamp(seconds: number) : Timestamp(milliseconds: number)
    }

    mutating func iso8601() -> Timestamp? {
        guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2) else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        guard date.isReal else { return nil }
        let midnight = Timestamp(seconds: date.daysSince1970 * 86_400)
        if at == bytes.count { return midnight }
        guard skip("T") || skip("t") || skip(" "), let hour = number(2), hour < 24, skip(":"), let minute = number(2), minute < 60
        else { return nil }
        var second = 0
        if skip(":") {
            guard let read = number(2), read <= 60 else { return nil }
            second = read
        }
        guard let fraction = milliseconds(), let offset = offsetSeconds(), at == bytes.count else { return nil }
        return Timestamp(
            milliseconds: midnight.milliseconds + Int64(hour * 3600 + minute * 60 + second - offset) * 1000 + fraction)
    }

    private mutating func milliseconds() -> Int64? {
        guard skip(".") || skip(",") else { return 0 }
        let digits = bytes[at...].prefix(while: \.isDigit)
        guard !digits.isEmpty else { return nil }
        at += digits.count
        return Int64(String(decoding: digits.prefix(3), as: UTF8.self).padded(to: 3)) ?? 0
    }

    private mutating func offsetSeconds() -> Int? {
        _ = skip(" ")
        if at == bytes.count || skip("Z") || skip("z") { return 0 }
        let sign = skip("+") ? 1 : skip("-") ? -1 : 0
        guard sign != 0, let hours = number(2), hours < 24 else { return nil }
        _ = skip(":")
        guard at < bytes.count else { return sign * hours * 3600 }
        guard let minutes = number(2), minutes < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }

    private mutating func number(_ width: Int) -> Int? {
        guard at + width <= bytes.count, bytes[at..<at + width].allSatisfy(\.isDigit) else { return nil }
        defer { at += width }
        return Int(String(decoding: bytes[at..<at + width], as: UTF8.self))
    }

    private mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: mark) else { return false }
        at += 1
        return true
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: "0", count: max(0, width - count)) }
}
