import Dedup
import Pages
import Policy
import RelayCore

/// Bars of finished runs by day, drawn as SVG with the same numbers in words for those who do not see them.
struct DayBarsChart: Sendable {
    /// A day without runs is missing.
    var days: [RunDay]
    /// The last day, as whole days since 1970.
    var today: Int64
    var count: Int

    private func entries() -> [RunDay] {
        let known = Dictionary(days.map { ($0.day, $0) }, uniquingKeysWith: { $1 })
        return (today - Int64(count) + 1...today).map { known[$0] ?? RunDay(day: $0, succeeded: 0, failed: 0) }
    }

    /// Small, without a table, for a list; its words say the sum.
    var small: Markup {
        let all = entries(), failed = all.reduce(0) { $0 + $1.failed }
        return drawing(all, width: 100, height: 18, css: "days", words: "\(failed) failed runs in \(count) days")
    }

    /// With a table behind it.
    var large: Markup {
        let all = entries()
        let rows = all.reversed().filter { $0.succeeded + $0.failed > 0 }.map { day in
            ["\(CivilDate(daysSince1970: day.day).written)", "\(day.succeeded)", "\(day.failed)"] as [Markup]
        }
        let total = all.reduce(into: (0, 0)) { $0 = ($0.0 + $1.succeeded, $0.1 + $1.failed) }
        return """
            \(drawing(all, width: 440, height: 90, css: "", words: "\(total.0) runs succeeded and \(total.1) failed in \(count) days"))
            <p class="small">\(total.0) succeeded and \(total.1) failed in \(count) days.</p>
            <details><summary>The same as a table</summary>\(DeskParts.table("Runs by day", ["day", "succeeded", "failed"], rows))</details>
            """
    }

    private func drawing(_ days: [RunDay], width: Int, height: Int, css: String, words: String) -> Markup {
        let most = max(1, days.map { $0.succeeded + $0.failed }.max() ?? 1), step = Double(width) / Double(days.count)
        let bars = days.enumerated().map { index, day -> Markup in
            let x = Self.number(Double(index) * step), wide = Self.number(max(1, step - 1))
            let bad = Self.height(day.failed, most, height), good = Self.height(day.succeeded, most, height)
            let top = Double(height) - bad - good
            return """
                <rect class="b0" x="\(x)" y="\(Self.number(top))" width="\(wide)" height="\(Self.number(good))"></rect>\
                <rect class="b1" x="\(x)" y="\(Self.number(Double(height) - bad))" width="\(wide)" height="\(Self.number(bad))"></rect>
                """
        }
        return
            "<svg class=\"\(css)\" viewBox=\"0 0 \(width) \(height)\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"\(words)\">\(bars)</svg>"
    }

    /// A bar that is not nothing can be seen.
    private static func height(_ count: Int, _ most: Int, _ height: Int) -> Double {
        count == 0 ? 0 : max(1.5, Double(count) / Double(most) * Double(height))
    }

    private static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }
}
