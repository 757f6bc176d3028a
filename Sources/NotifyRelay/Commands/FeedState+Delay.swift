import Dedup
import RelayCore
import RelaySupport

/// How long things of a feed wait until they are seen, for people and programs.
extension FeedState {
    /// Such as `about 7.1 s, measured 5.2 s (95 %: 21 s)`; empty while nothing is known.
    var delayText: String {
        guard let delay else { return "" }
        var words: [String] = []
        if let expected = delay.expected { words.append("about \(expected.secondsText)") }
        if let median = delay.median, let most = delay.most {
            words.append("measured \(median.secondsText) (95 %: \(most.secondsText))")
        }
        if delay.stretch > 1 { words.append("the budget stretches it \(delay.stretch.rounded(to: 1)) times") }
        return words.joined(separator: ", ")
    }

    var delayJSON: [String: JSONValue] {
        [
            "expected_delay_seconds": .seconds(delay?.expected), "measured_p50": .seconds(delay?.median),
            "measured_p95": .seconds(delay?.most), "stretch": .number(String((delay?.stretch ?? 1).rounded(to: 3))),
        ]
    }
}

extension Duration {
    /// Such as `0.8 s`, `21 s` or `4 min`.
    var secondsText: String {
        let seconds = inSeconds
        if seconds < 10 { return "\(seconds.rounded(to: 1)) s" }
        return Duration.seconds(Int64(min(seconds, 1e15).rounded())).spoken
    }
}

extension JSONValue {
    /// A number of seconds with a fraction; null if there is none.
    fileprivate static func seconds(_ duration: Duration?) -> JSONValue {
        duration.map { .number(String($0.inSeconds.rounded(to: 3))) } ?? .null
    }
}

extension Double {
    /// Rounded to a number of decimal places.
    fileprivate func rounded(to places: Int) -> Double {
        let factor = (0..<places).reduce(1.0) { product, _ in product * 10 }
        return (self * factor).rounded() / factor
    }
}
