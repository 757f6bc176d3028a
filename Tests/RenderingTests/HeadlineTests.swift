import RelayCore
import RelayTesting
import Testing

@testable import Rendering

/// A notification's title says what happened, and no word of its message is lost or told twice.
struct HeadlineTests {
    private static let long = String(repeating: "word ", count: 40) + "end"

    @Test(arguments: [
        ("", "", nil), (" \n\t ", "", nil), ("One line.", "One line.", nil), ("\n\n  One line.  \n", "One line.", nil),
        ("First.\nSecond.\n  third", "First.", "Second.\n  third"), ("First.\r\n\r\n  Indented.", "First.", "  Indented."),
    ])
    func `the first line is the headline and the others are the rest`(message: String, line: String, rest: String?) {
        let headline = Headline(message)
        #expect(headline.line == line && headline.rest == rest)
    }

    @Test func `a long line is cut, and then the rest is the whole message`() {
        let headline = Headline(Self.long + "\nSecond.")
        #expect(headline.line.hasSuffix("…") && headline.line.unicodeScalars.count <= Headline.most + 1)
        #expect(headline.rest == Self.long + "\nSecond.")
    }

    @Test func `letters outside ASCII count as one each`() {
        let line = String(repeating: "é", count: Headline.most)
        #expect(Headline(line) == Headline(line + "\n"))
        #expect(Headline(line).line == line && Headline(line).rest == nil)
        #expect(Headline(line + "é").rest == line + "é")
    }

    private func rendered(_ message: String, type: String? = "card_testing", _ priority: Priority = .urgent) -> Rendered {
        let detail = Detail.notification(NotificationDetail(type: type, message: message))
        let event = Event.of(.notification, priority, detail: detail, origin: Origin(automation: "Card guard"))
        return TemplateSet.builtIn.render(event, .mail(.notification, priority))
    }

    @Test func `the title has the sentence, and the raw type comes last`() {
        let text = rendered("12 cards were declined.")
        #expect(text.title == "URGENT: Card guard: 12 cards were declined.")
        #expect(text.body.hasSuffix("\nType: card_testing"))
        #expect(!text.body.contains("12 cards"))
    }

    @Test func `a message without words is named by its type, and without that by its kind`() {
        #expect(rendered("").title == "URGENT: Card guard: card_testing")
        #expect(rendered(" ", type: nil, .low).title == "Card guard: notification")
    }
}
