import RelayCore
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
}
