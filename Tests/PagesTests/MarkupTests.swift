import Pages
import Testing

struct MarkupTests {
    private static let hostile = "</title></style>\"'><script>alert(1)</script>&lt;"
    private static let escaped = "&lt;/title&gt;&lt;/style&gt;&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;lt;"

    @Test func `a text is escaped as content, in an attribute, in a part, in a list and by itself`() {
        let part: Markup? = "<i>\(Self.hostile)</i>"
        #expect(("<p>\(Self.hostile)</p>" as Markup).html == "<p>\(Self.escaped)</p>")
        #expect(("<a title=\"\(Self.hostile)\">" as Markup).html == "<a title=\"\(Self.escaped)\">")
        #expect(("<b>\(part)</b>" as Markup).html == "<b><i>\(Self.escaped)</i></b>")
        #expect(("\([Self.hostile, "x"].map { "<li>\($0)" as Markup })" as Markup).html == "<li>\(Self.escaped)<li>x")
        #expect(Markup(text: Self.hostile).html == Self.escaped)
    }

    @Test func `markup is not escaped again, and nil is nothing`() {
        let inner: Markup = "<b>\("&")</b>"
        let outer: Markup = "<p>\(inner)\(nil as Markup?)\(7)</p>"
        #expect(("\(outer)" as Markup).html == "<p><b>&amp;</b>7</p>")
        #expect((inner + outer).html == "<b>&amp;</b><p><b>&amp;</b>7</p>")
        #expect(Markup([inner, inner], separator: ", ").html == "<b>&amp;</b>, <b>&amp;</b>")
    }

    @Test func `a combining mark does not hide a character from the escape`() {
        #expect(Markup(text: "<\u{338}b>\u{301}").html == "&lt;\u{338}b&gt;\u{301}")
    }

    @Test func `a control character is shown as one that cannot be shown`() {
        #expect(Markup(text: "a\u{0}b\u{1B}[1m\u{7F}\tc").html == "a\u{FFFD}b\u{FFFD}[1m\u{FFFD}\tc")
    }

    @Test(arguments: [("10\r00", "10\n00"), ("a\r\nb", "a\nb"), ("a\r\r\nb\n", "a\n\nb\n"), ("a\n\nb", "a\n\nb")])
    func `a carriage return is a line break, as a browser reads it`(text: String, html: String) {
        #expect(Markup(text: text).html == html)
    }

    @Test(arguments: ["https://a.example/", "HTTP://a.example", "mailto:a@example.com"])
    func `a link to the web or to a mailbox is safe`(address: String) {
        #expect(safeLink(address) == address)
    }

    @Test(arguments: ["javascript:alert(1)", " https://a.example", "java\nscript:x", "data:text/html,x", "//a.example", "/a", "", "https:"])
    func `any other link is not`(address: String) {
        #expect(safeLink(address) == nil)
    }
}
