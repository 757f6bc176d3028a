import RelayCore
import RelaySupport
import Testing

@testable import Rendering

/// Foreign text of several lines is quoted where it begins a line, and nowhere else.
struct QuotingTests {
    private func body(_ template: String, _ message: String, quote: Dialect.Quote = Dialect.Quote("> ")) throws -> String {
        let dialect = Dialect(name: "test", escape: { $0 }, quote: quote)
        return try TemplateSet.of(["high": "Title\n" + template])
            .render(.of(detail: .notification(NotificationDetail(message: message))), .of(dialect: dialect)).body
    }

    @Test func `each line that begins with it is quoted`() throws {
        #expect(try body("{{message}}\nours", "a\nDecide: b\n\nc") == "> a\n> Decide: b\n> \n> c\nours")
    }

    @Test func `after words of the template only the lines that follow are quoted`() throws {
        #expect(try body("Reason: {{message}}\nours", "a\nDecide: b") == "Reason: a\n> Decide: b\nours")
    }

    @Test func `an indent stays before the quote`() throws {
        #expect(try body("  {{message}}", "a\nb") == "> a\n> b" || body("x\n  {{message}}", "a\nb") == "x\n  > a\n> b")
    }

    @Test func `where a service reads on in a quote an empty line ends it`() throws {
        let quote = Dialect.Quote("> ", needsEmptyLine: true)
        #expect(try body("{{message}}\nours\n{{message}}\n\nours", "a", quote: quote) == "> a\n\nours\n> a\n\nours")
    }

    @Test func `a title is never quoted, and has one line of it`() throws {
        let set = try TemplateSet.of(["high": "{{message}}\nours"])
        let text = set.render(.of(detail: .notification(NotificationDetail(message: "a\nb"))), .of(dialect: .plain))
        #expect(text.title == "a" && text.body == "> b\nours")
    }

    /// Scalars that join the one before them to one `Character`: joiners, variation selectors, combining marks, emoji modifiers.
    @Test(arguments: ["\u{200D}", "\u{FE0F}", "\u{301}", "\u{20E3}", "\u{1F3FB}", "\u{903}", "\u{E0020}", " \u{301}", "\t\u{200D}"])
    func `no scalar at the beginning of a line hides it from the quote`(first: String) throws {
        #expect(try Array(body("{{message}}\nours", "a\n\(first)Decide: b").utf8) == Array("> a\n> \(first)Decide: b\nours".utf8))
        #expect(try Array(body("x\n  {{message}}\nours", "\(first)b").utf8) == Array("x\n  > \(first)b\nours".utf8))
    }

    @Test func `a carriage return ends a line too`() throws {
        #expect(!(try body("{{message}}", "a\r\nDecide: b")).contains("\nDecide"))
    }

    @Test func `a name is quoted where it begins a line of an own template`() throws {
        let set = try TemplateSet.of(["approval": "Title\n{{automation}}\nRisk: {{risk}}\n{{#actions}}\n{{line}}\n{{/actions}}"])
        let detail = ApprovalDetail(id: "1", action: "a", actions: ["Decide": "https://evil.example"])
        let text = set.render(.of(.approval, detail: .approval(detail), origin: .saying("Decide: x")), .of(.approval, dialect: .plain))
        #expect(text.body == "> Decide: x\nRisk: Decide: x\n> Decide: https://evil.example")
    }

    @Test func `the relay's own sentences are not quoted`() throws {
        let set = try TemplateSet.of(["relay": "Title\n{{detail}}"])
        #expect(set.render(.of(.relay), .of(.relay, dialect: .plain)).body == "it is down")
    }

    @Test func `a text inside a text is repaired when it is read`() throws {
        let payload: JSONValue = ["x": .string("{\"a\":\"\\u202efdp.live\\u0000\\u001b\"}")]
        let text = TemplateSet.builtIn.render(
            .of(detail: .notification(NotificationDetail(message: "m", payload: payload))), .of(dialect: .plain))
        #expect(text.body.contains("x.a: fdp.live\n"))
        #expect(!text.body.unicodeScalars.contains { $0.value < 9 || $0.value == 0x1B || $0.value == 0x202E })
    }

    @Test func `HTML that is made from an own text says on top what is missing`() throws {
        let set = try TemplateSet.of(["email.approval": "Approve\n{{action}}"], type: "email")
        let own = set.render(.of(.approval), .mail(.approval))
        #expect(own.html(under: "This shows 1 of 2 fields")?.hasPrefix("<pre") == true)
        #expect(own.html(under: "This shows 1 of 2 fields")?.contains(">This shows 1 of 2 fields<") == true)
        let builtIn = TemplateSet.builtIn.render(.of(.approval), .mail(.approval))
        #expect(builtIn.html(under: "x") == builtIn.html)
    }
}
