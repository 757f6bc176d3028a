import RelayCore
import RelaySupport
import Testing

@testable import Rendering

/// Data never becomes markup, whichever template is used.
struct HostileValueTests {
    private static let hostile = [
        "</p><script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='x", "{{message}}{{/open}}{{{link}}}", "{{",
        "}}", "{{% CONTENT_TYPE:HTML}}<b>", "{{>facts}}", "&lt;b&gt;", "<\u{301}b>", "<!-- ", "]]>", "<!channel>", "\u{202E}<b>", "&",
    ]
    private static let cases = Event.Kind.allCases.flatMap { kind in hostile.map { (kind, $0) } }

    private func mail(_ kind: Event.Kind, _ text: String) -> Rendered {
        TemplateSet.builtIn.render(
            .of(kind, detail: kind.full(text), origin: .saying(text), account: text), .mail(kind),
            links: LinkPatterns(run: "https://app.example/?r={run_id}"))
    }

    @Test(arguments: cases) func `the tags of a mail are the template's alone`(kind: Event.Kind, text: String) throws {
        let html = try #require(mail(kind, text).html), harmless = try #require(mail(kind, "x").html)
        #expect(Markup.tags(html) == Markup.tags(harmless))
        #expect(html.count { $0 == "\"" } == harmless.count { $0 == "\"" }, "a quote would end an attribute")
        #expect(html.contains(Dialect.html.escape(text)) || html.contains(Dialect.html.escape(text.repaired())))
    }

    @Test(arguments: cases) func `a plain text is shown as it is`(kind: Event.Kind, text: String) {
        let words = mail(kind, text)
        let all = words.title + "\n" + words.body
        #expect(all.contains(text) || all.contains(text.repaired()))
    }

    /// A dialect that replaces everything except letters.
    private static let strict = Dialect(
        name: "strict", escape: { $0.unicodeScalars.map { $0.properties.isAlphabetic ? String($0) : "·" }.joined() },
        quote: Dialect.Quote("│ "))

    @Test(arguments: cases) func `every value goes through the dialect of the channel`(kind: Event.Kind, text: String) {
        let marked = TemplateSet.builtIn.render(
            .of(kind, detail: kind.full(text), origin: .saying(text), account: text), .of(kind, dialect: Self.strict))
        for sign in "<>{}&'\"!%=\u{202E}" { #expect(!(marked.title + marked.body).contains(sign), "\(marked)") }
    }

    @Test func `a user's template cannot undo it`() throws {
        let set = try TemplateSet.of(["high": "t\n{{message}} {{{message}}} {{&message}}{{#message}} {{message}}{{/message}}"])
        let dialect = Dialect(name: "stars", escape: { $0.replacing("*", with: "\\*") })
        let text = set.render(.of(detail: .notification(NotificationDetail(message: "a*b"))), .of(dialect: dialect))
        #expect(text.body == "> a\\*b a\\*b a\\*b a\\*b")
    }

    @Test func `a line break in a name does not make the title another's`() {
        let text = TemplateSet.builtIn.render(.of(.run, detail: .run(RunDetail(outcome: .failed)), origin: .saying("a\nb")), .of(.run))
        #expect(text.title == "[staging] Run failed: a b")
    }
}
