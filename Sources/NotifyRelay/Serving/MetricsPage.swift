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

    mutating func write(_ family: MetricFamily, _ series: [Labels: Double]) {
        begin(family)
        for (values, number) in series.sorted(by: { $0.key < $1.key }) { line(family.name, pairs(family, values), number) }
    }

    /// Writes a family of one series without labels. A value that is not known is left out.
    mutating func write(_ family: MetricFamily, _ value: Double?) {
        guard let value else { return }
        begin(family)
        line(family.name, [], value)
    }

    mutating func write(_ family: MetricFamily, _ series: [Labels: Histogram]) {
        begin(family)
        for (values, histogram) in series.sorted(by: { $0.key < $1.key }) { write(histogram, family.name, pairs(family, values)) }
    }

    private mutating func begin(_ family: MetricFamily) {
        text += "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind.rawValue)\n"
    }

    private func pairs(_ family: MetricFamily, _ values: Labels) -> [(String, String)] { Array(zip(family.labels, values.parts)) }

    private mutating func write(_ histogram: Histogram, _ name: String, _ labels: [(String, String)]) {
        var total = 0
        for (index, count) in histogram.counts.enumerated() {
            total += count
            let bound = index < histogram.bounds.count ? Self.number(histogram.bounds[index]) : "+Inf"
            line("\(name)_bucket", labels + [("le", bound)], Double(total))
        }
        line("\(name)_sum", labels, histogram.sum)
        line("\(name)_count", labels, Double(total))
    }

    private mutating func line(_ name: String, _ labels: [(String, String)], _ value: Double) {
        let inside = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
        text += "\(name)\(inside.isEmpty ? "" : "{\(inside)}") \(Self.number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        if value.isInfinite { return "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static func escaped(_ text: String) -> String {
        text.map { $0 == "\\" ? "\\\\" : $0 == "\"" ? "\\\"" : $0 == "\n" ? "\\n" : String($0) }.joined()
    }
}
