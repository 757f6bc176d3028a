extension Duration {
    /// Reads an interval such as `30s`, `5m`, `2h`, `1d`.
    ///
    /// - Parameter text: a whole number followed by one of `s`, `m`, `h`, `d`, without sign or space; `0s` is allowed. Any other text gives
    ///   nil.
    package init?(interval text: String) {
        let seconds: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        let digits = text.dropLast()
        guard let unit = text.last.flatMap({ seconds[$0] }), !digits.isEmpty, digits.allSatisfy("0123456789".contains),
            let count = UInt32(digits)
        else { return nil }
        self = .seconds(Int64(count) * unit)
    }

    /// The shortest text for a whole number of seconds that `init(interval:)` reads back: `90s`, `2h`.
    package var interval: String {
        let seconds = components.seconds
        for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60)] as [(String, Int64)]
        where seconds != 0 && seconds % length == 0 {
            return "\(seconds / length)\(unit)"
        }
        return "\(seconds)s"
    }

    /// The approximate duration for people: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`.
    package var spoken: String {
        let seconds = max(0, components.seconds)
        func two(_ a: Int64, _ unitA: String, _ b: Int64, _ unitB: String) -> String {
            b == 0 ? "\(a) \(unitA)" : "\(a) \(unitA) \(b) \(unitB)"
        }
        return switch seconds {
        case ..<90: "\(seconds) s"
        case ..<5_400: "\((seconds + 30) / 60) min"
        case ..<172_800: two(seconds / 3_600, "h", seconds % 3_600 / 60, "min")
        default: two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h")
        }
    }
}
