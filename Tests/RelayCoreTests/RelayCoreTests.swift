import RelayCore
import RelaySupport
import Testing

struct TimestampTests {
    @Test(arguments: [
        ("2026-11-03T14:05:09Z", "2026-11-03T14:05:09Z"), ("2026-11-03 14:05:09.123+02:00", "2026-11-03T12:05:09Z"),
        ("2026-11-03", "2026-11-03T00:00:00Z"), ("1793714709", "2026-11-03T14:05:09Z"), ("1793714709000", "2026-11-03T14:05:09Z"),
        ("2024-02-29T23:59:59-0530", "2024-03-01T05:29:59Z"),
    ])
    func `a time is read as an API may write it`(text: String, utc: String) {
        #expect(Timestamp(text: text)?.description == utc)
    }

    @Test(arguments: ["", "string", "2026-02-30", "2026-13-01T00:00:00Z", "2026-11-03T25:00:00Z", "12", "2026-11-03T14:05:09Zx"])
    func `anything else stays text`(text: String) { #expect(Timestamp(text: text) == nil) }

    @Test func `what is written is read back, over four centuries`() {
        for seconds in stride(from: Int64(-12_000_000_000), to: 250_000_000_000, by: 987_654_321) {
            let moment = Timestamp(seconds: seconds)
            #expect(Timestamp(text: moment.description) == moment || seconds < -62_135_596_800)
        }
    }
}

struct JSONTests {
    private func parse(_ text: String, depth: Int = JSONBounds.item.depth) throws(JSONSyntaxError) -> JSONValue {
        var bounds = JSONBounds.item
        bounds.depth = depth
        return try JSONValue(parsing: Array(text.utf8), bounds: bounds)
    }

    @Test func `numbers keep their text and members are sorted`() throws {
        #expect(try parse(" {\"b\": 1.10, \"a\": [true, null, 1e400]} ").text == "{\"a\":[true,null,1e400],\"b\":1.10}")
    }

    @Test func `two hundred levels are an error and no crash`() {
        let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        #expect(throws: JSONSyntaxError.self) { try parse(deep) }
        #expect(throws: Never.self) { try parse(deep, depth: 200) }
    }

    @Test func `a lone surrogate is repaired, a pair is one character`() throws {
        #expect(try parse("\"\\ud800x\"") == "\u{FFFD}x")
        #expect(try parse("\"\\ud83d\\ude00\"") == "😀")
    }

    @Test func `cut off anywhere it is an error`() throws {
        let text = Array("{\"a\":[1,-2.5e3,\"\\u00e4\\n\"],\"b\":{\"c\":null,\"d\":false}}".utf8)
        for end in 0..<text.count {
            #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: Array(text[..<end])) }
        }
        #expect(throws: Never.self) { try JSONValue(parsing: text) }
    }
}

struct TextTests {
    @Test func `control characters and hidden order go, line ends become one`() {
        #expect("a\r\nb\u{0}\u{202E}c\u{1B}\u{2028}d".repaired() == "a\nbc\nd")
    }

    @Test func `a long text is cut with a mark`() { #expect("abcdef".repaired(most: 3) == "abc…") }

    @Test func `a near miss is found, a stranger is not`() {
        #expect(nearest("chanel", in: ["channel", "topic"]) == "channel")
        #expect(nearest("zebra", in: ["channel", "topic"]) == nil)
    }

    @Test func `a secret prints as nothing`() {
        let secret = Secret("hush")
        #expect("\(secret) \(String(reflecting: secret)) \([secret])".contains("hush") == false)
    }

    @Test(arguments: [("30s", 30), ("5m", 300), ("2h", 7_200), ("1d", 86_400), ("0s", 0)])
    func `an interval is read`(text: String, seconds: Int) { #expect(Duration(interval: text) == .seconds(seconds)) }

    @Test(arguments: ["", "s", "5", "-5s", "5 m", "1.5h", "5M", "99999999999d"])
    func `anything else is no interval`(text: String) { #expect(Duration(interval: text) == nil) }
}
