import RelayCore
import RelaySupport
import Testing

@testable import Rendering

/// The built-in templates, with as few and as many values as an event can hold.
struct BuiltInTemplateTests {
    private static let cases = Event.Kind.allCases.flatMap { kind in Priority.allCases.map { (kind, $0) } }

    private func expectSound(_ text: Rendered, sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(text.fellBackBecause == nil, sourceLocation: sourceLocation)
        #expect(text.title.count > 3 && text.title != "(no title)" && !text.title.hasSuffix(":"), "\(text)", sourceLocation: sourceLocation)
        for part in [text.title, text.body, text.html ?? ""] {
            #expect(!part.contains("{{") && !part.contains("}}"), "\(part)", sourceLocation: sourceLocation)
        }
        #expect(!text.body.contains("\n\n\n") && !text.body.hasSuffix("\n"), "\(text.body)", sourceLocation: sourceLocation)
        let html = try #require(text.html, sourceLocation: sourceLocation)
        #expect(Markup.isBalanced(html), "\(html)", sourceLocation: sourceLocation)
    }

    @Test(arguments: cases) func `with the least that can be known there is a title, and no gap`(kind: Event.Kind, priority: Priority)
        throws
    {
        try expectSound(TemplateSet.builtIn.render(.of(kind, priority), .mail(kind, priority)))
    }

    @Test(arguments: cases) func `with everything there is a title, and both parts say it`(kind: Event.Kind, priority: Priority) throws {
        let event = Event.of(kind, priority, detail: kind.full("Zebra"), origin: .saying("Yak"))
        let text = TemplateSet.builtIn.render(event, .mail(kind, priority))
        try expectSound(text)
        #expect(text.title.hasPrefix("[staging] "))
        let words = text.title + "\n" + text.body
        // An absence holds no text from outside but the name of its automation.
        if kind != .absence { #expect(words.contains("Zebra") && text.html?.contains("Zebra") == true) }
        if kind != .relay && kind != .digest { #expect(words.contains("Yak") && text.html?.contains("Yak") == true) }
    }

    @Test(arguments: [(Priority.low, "notification"), (.normal, "notification"), (.high, "Important: "), (.urgent, "URGENT: ")])
    func `how loud a notification is shows in its title`(priority: Priority, words: String) {
        let title = TemplateSet.builtIn.render(.of(.notification, priority), .of(.notification, priority)).title
        #expect(title.lowercased().contains(words.lowercased()))
    }

    @Test(arguments: [
        (Event.Kind.run, ["Error one", "Step one", "Summary one", "2 min"]), (.approval, ["Action one", "Waiting: 2 h", "tool: refund"]),
        (.decision, ["rejected", "Action one", "Ann", "Reason one", "2 h"]), (.reminder, ["Action one", "Overdue", "tool: refund"]),
    ])
    func `what a person needs is in the text`(kind: Event.Kind, pieces: [String]) {
        let detail: Detail =
            kind == .run
            ? .run(
                RunDetail(
                    outcome: .failed, summary: "Summary one", error: "Error one", failedStep: "Step one", milliseconds: 120_000))
            : .approval(
                ApprovalDetail(
                    id: "1", state: kind == .decision ? .rejected : .open, action: "Action one", actions: ["tool": "refund"],
                    createdAt: renderedAt - .seconds(7_200), actor: "u1", decidedAt: renderedAt, reason: "Reason one", overdue: true))
        let fields = Fields(event: .of(kind, detail: detail), now: renderedAt, people: ["u1": "Ann"])
        let text = TemplateSet.builtIn.render(fields, .mail(kind))
        for piece in pieces { #expect((text.title + "\n" + text.body).contains(piece), "\(piece) in \(text)") }
    }

    @Test(arguments: [(0, nil, nil), (59, nil, nil), (60, nil, "Waiting: 60 s"), (25, 1, "Waiting: 25 s")])
    func `a wait of seconds is told by a reminder only, because a message does not count on`(seconds: Int, step: Int?, words: String?) {
        let kind: Event.Kind = step == nil ? .approval : .reminder
        let detail = Detail.approval(ApprovalDetail(id: "1", action: "Refund", createdAt: renderedAt - .seconds(seconds), step: step))
        let text = TemplateSet.builtIn.render(.of(kind, detail: detail), .mail(kind))
        #expect(text.body.contains("Waiting") == (words != nil) && text.body.contains(words ?? ""))
    }

    @Test func `the link stands in both parts, and only if there is a pattern for it`() {
        let event = Event.of(.run, origin: Origin(runID: "r/1"))
        let text = TemplateSet.builtIn.render(event, .mail(.run), links: LinkPatterns(run: "https://app.example/{run_id}"))
        #expect(text.body.hasSuffix("https://app.example/r%2F1"))
        #expect(text.html?.contains("href=\"https://app.example/r%2F1\"") == true)
        #expect(TemplateSet.builtIn.render(event, .mail(.run)).html?.contains("href") == false)
    }
}

/// The small part of HTML that these tests need.
enum Markup {
    /// The tag names in order, without attributes: `p`, `/p`.
    static func tags(_ html: String) -> [String] {
        html.split(separator: "<", omittingEmptySubsequences: false).dropFirst().map { piece in
            String(piece.prefix { $0 == "/" || $0 == "!" || $0.isLetter || $0.isNumber }).lowercased()
        }
    }

    static func isBalanced(_ html: String) -> Bool {
        var open: [String] = []
        for tag in tags(html) where !["!doctype", "meta", "hr", "br"].contains(tag) {
            if tag.hasPrefix("/") {
                guard open.popLast() == String(tag.dropFirst()) else { return false }
            } else {
                open.append(tag)
            }
        }
        return open.isEmpty
    }
}
