import RelayCore
import RelaySupport
import Testing

@testable import Rendering

/// Cuts at every possible limit, in every unit.
struct CuttingLimitTests {
    private static let units: [Limit.Unit] = [.utf16, .codePoints, .bytes]
    private static let texts = [
        "plain words", "a&amp;b&lt;c&gt;", "&amp;&amp;&amp;", "Ünïcödé", "👩‍👩‍👧‍👦👨‍🚀🇬🇧🇩🇪", "e\u{301}e\u{301}", "日本語のテキスト", "\r\n\r\n", "",
        "&amp", "tail &",
    ]
    private static let cases = units.flatMap { unit in texts.map { (unit, $0) } }

    @Test(arguments: cases) func `it is whole at its own size, and cut one below`(unit: Limit.Unit, text: String) {
        let size = Limit(0, unit).size(of: text)
        for most in [size, size + 1] { #expect(Dialect.html.cut(text, to: Limit(most, unit), ending: "…") == text) }
        guard size > 0 else { return }
        let shorter = Dialect.html.cut(text, to: Limit(size - 1, unit), ending: "…")
        #expect(shorter != text)
        #expect(Limit(0, unit).size(of: shorter) <= size - 1)
    }

    @Test(arguments: cases) func `whatever the limit, what is left is a beginning of whole units`(unit: Limit.Unit, text: String) {
        let units = Self.unitsOf(text)
        let beginnings = (0...units.count).map { units[..<$0].joined() }
        for most in 0...Limit(0, unit).size(of: text) + 2 {
            let result = Dialect.html.cut(text, to: Limit(most, unit), ending: "")
            #expect(Limit(0, unit).size(of: result) <= most)
            #expect(beginnings.contains { Array($0.utf8) == Array(result.utf8) }, "\(most): \(result)")
            // The result is also the longest beginning that fits.
            let best = beginnings.last { Limit(0, unit).size(of: $0) <= most } ?? ""
            #expect(Array(result.utf8) == Array(best.utf8), "\(most)")
        }
    }

    @Test(arguments: units) func `an ending that is too long for the limit is itself cut`(unit: Limit.Unit) {
        #expect(Dialect.plain.cut("abcdef", to: Limit(3, unit), ending: "(more)") == "(mo")
        #expect(Dialect.plain.cut("abcdef", to: Limit(0, unit), ending: "(more)") == "")
    }

    /// Splits a text into characters, with each HTML entity as one unit.
    private static func unitsOf(_ text: String) -> [String] {
        var units: [String] = []
        var rest = Substring(text)
        while let first = rest.first {
            let entity = ["&amp;", "&lt;", "&gt;"].first { rest.hasPrefix($0) }
            units.append(entity ?? String(first))
            rest = rest.dropFirst(entity?.count ?? 1)
        }
        return units
    }
}
