import RelayCore
import RelaySupport
import Testing

@testable import Rendering

/// A rendered text tells which facts of a request it holds whole.
struct RequestFactTests {
    private func rendered(_ template: String, action: String, _ actions: JSONValue, dialect: Dialect = .plain) throws -> Rendered {
        let detail = ApprovalDetail(id: "1", action: action, actions: actions)
        return try TemplateSet.of(["approval": template])
            .render(.of(.approval, detail: .approval(detail), origin: .full), .of(.approval, dialect: dialect))
    }

    @Test func `a field counts where the template puts it, not where its words stand by chance`() throws {
        let actions: JSONValue = ["amount": "1", "b": "2"]
        let without = try rendered("T\n{{action}}", action: "Refund\namount: 1\nb: 2", actions)
        #expect(without.facts(title: without.title, body: without.body) == [.action])
        let with = try rendered("T\n{{#actions}}{{line}}, {{/actions}}{{risk}}", action: "x", actions)
        #expect(with.facts(title: with.title, body: with.body) == [.line(0), .line(1), .risk])
        #expect(with.body == "> amount: 1, b: 2, Nightly invoices")
    }

    @Test func `a fact that is cut in the body does not count, one that ends before the cut does`() throws {
        let text = try rendered("T\n{{action}}\n{{#actions}}\n- {{line}}\n{{/actions}}", action: "Pay é", ["a": "1", "b": "1"])
        #expect(text.body == "> Pay é\n- a: 1\n- b: 1")
        for (size, facts): (Int, Set<RequestFact>) in [
            (7, []), (8, [.action]), (14, [.action]), (15, [.action, .line(0)]), (21, [.action, .line(0)]),
            (22, [.action, .line(0), .line(1)]),
        ] {
            let cut = Dialect.plain.cut(text.body, to: Limit(size, .bytes), ending: "")
            #expect(text.facts(title: text.title, body: cut) == facts, "\(cut)")
        }
    }

    @Test func `a fact in the title counts while the title is not cut`() throws {
        let text = try rendered("{{action}}: {{risk}}\nours", action: "Refund", ["a": "1"])
        #expect(text.title == "[staging] Refund: Nightly invoices")
        #expect(text.facts(title: text.title, body: "") == [.action, .risk])
        #expect(text.facts(title: "[staging] Refund: Nig…", body: "") == [.action])
    }

    @Test func `a line that is cut for its length never counts`() throws {
        let text = try rendered(
            "T\n{{#actions}}\n- {{line}}\n{{/actions}}", action: "x", ["a": .string(String(repeating: "a", count: 300)), "b": "1"])
        #expect(text.facts(title: text.title, body: text.body) == [.line(1)])
    }

    @Test func `no mark is left in text and HTML`() throws {
        let event = Event.of(.approval, detail: .approval(ApprovalDetail(id: "1", action: "x", actions: ["a": "1"])), origin: .full)
        for kind in [Event.Kind.approval, .decision, .reminder] {
            let text = TemplateSet.builtIn.render(event, .mail(kind))
            for part in [text.title, text.body, text.html ?? ""] {
                #expect(!part.unicodeScalars.contains { (0xFDD0...0xFDEF).contains($0.value) || $0.value >= 0xF0000 })
            }
        }
    }
}
