import Dedup
import RelayCore

/// Counts durations in seconds.
struct Histogram: Sendable {
    /// For attempts.
    static let attempts: [Double] = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
    /// For what waits to be seen.
    static let waits: [Double] = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3_600, 86_400]
    let bounds: [Double]
    private(set) var counts: [Int]
    private(set) var sum = 0.0

    init(bounds: [Double] = Histogram.attempts) {
        self.bounds = bounds
        counts = [Int](repeating: 0, count: bounds.count + 1)
    }

    mutating func observe(_ seconds: Double) {
        counts[bounds.firstIndex { seconds <= $0 } ?? bounds.count] += 1
        sum += seconds
    }
}

/// Writes metrics in Prometheus' text format. Source: https://prometheus.io/docs/instrumenting/exposition_formats/
struct MetricsPage {
    private(set) var text = ""
    private static let prefix = "notify_relay_"

    mutating func family(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(Self.prefix)\(name) \(help)\n# TYPE \(Self.prefix)\(name) \(type)\n"
    }

    mutating func lines(_ name: String, _ labels: [String], _ series: [Labels: Double]) {
        for (values, number) in series.sorted(by: { $0.key < $1.key }) { line(name, Array(zip(labels, values.parts)), number) }
    }

    mutating func histogram(_ name: String, _ labels: [(String, String)], _ histogram: Histogram) {
        var total = 0
        for (index, count) in histogram.counts.enumerated() {
            total += count
            let bound = index < histogram.bounds.count ? Self.number(histogram.bounds[index]) : "+Inf"
            line("\(name)_bucket", labels + [("le", bound)], Double(total))
        }
        line("\(name)_sum", labels, histogram.sum)
        line("\(name)_count", labels, Double(total))
    }

    mutating func owed(_ overview: Overview, destinations: [String], now: Timestamp) {
        let byName = Dictionary(overview.destinations.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        family("owed", "gauge", "Deliveries owed.")
        for name in destinations.sorted() { line("owed", [("destination", name)], Double(byName[name]?.owed ?? 0)) }
        family("dead", "gauge", "Dead deliveries that were not retried or dropped.")
        for name in destinations.sorted() { line("dead", [("destination", name)], Double(byName[name]?.dead ?? 0)) }
        family("oldest_owed_seconds", "gauge", "Age of the oldest delivery owed; 0 if none is.")
        for name in destinations.sorted() {
            let age = byName[name]?.oldestOwed.map { max(0, $0.duration(to: now).inSeconds) } ?? 0
            line("oldest_owed_seconds", [("destination", name)], age)
        }
    }

    mutating func line(_ name: String, _ labels: [(String, String)], _ value: Double) {
        let inside = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
        text += "\(Self.prefix)\(name)\(inside.isEmpty ? "" : "{\(inside)}") \(Self.number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        if value.isInfinite { return "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static func escaped(_ text: String) -> String {
        text.map { $0 == "\\" ? "\\\\" : $0 == "\"" ? "\\\"" : $0 == "\n" ? "\\n" : String($0) }.joined()
    }
}
