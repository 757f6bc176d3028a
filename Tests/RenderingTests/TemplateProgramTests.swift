import RelayCore
import RelaySupport
import Sandbox
import Templates
import Testing

@testable import Rendering

/// A compiled template gives the bytes that the engine gives.
struct TemplateProgramTests {
    private static let shipped: (texts: [String: String], partials: [String: String]) = {
        var texts: [String: String] = [:], partials: [String: String] = [:]
        for (name, text) in Templates.all {
            if name.hasPrefix("_") { partials[String(name.dropFirst())] = text } else { texts[name] = text }
        }
        return (texts, partials)
    }()

    private static func folder(_ texts: [String: String], _ partials: [String: String]) -> TemplateFolder {
        TemplateFolder(texts: texts, partials: partials, problems: ProblemList())
    }

    private static let quoting = Dialect(
        name: "quoting", escape: { $0.replacing("*", with: "\\*") }, quote: Dialect.Quote("> ", needsEmptyLine: true))

    @Test(arguments: shipped.texts.keys.sorted()) func `a built-in template is compiled, and says what the engine says`(name: String) {
        let folder = Self.folder(Self.shipped.texts, Self.shipped.partials)
        #expect(folder.isCompiled(name))
        for kind in Event.Kind.allCases {
            let events = [Event.of(kind), .of(kind, detail: kind.full("Zebra *x*\nYak"), origin: .saying("Yak\n  two"))]
            for (event, dialect) in events.flatMap({ event in [Dialect.plain, .html, Self.quoting].map { (event, $0) } }) {
                let fields = Fields(event: event, now: renderedAt), request = TemplateSet.Request.mail(kind)
                #expect(folder.render(name, fields, request, dialect) == folder.renderByEngine(name, fields, request, dialect))
            }
        }
    }

    @Test func `whatever the white space around its tags is, it says what the engine says`() {
        let seed = UInt64.random(in: 0..<1_000_000)
        var chance = Chance(seed: seed)
        print("random templates: seed \(seed)")
        let partials = ["one": "{{message}}\n", "two": "{{#link}}\n {{link}}\n{{/link}}", "three": "x {{>one}} y"]
        var compiled = 0
        for _ in 0..<1_500 {
            let text = RandomTemplate().text(&chance)
            let folder = Self.folder(["high": text], partials)
            guard folder.contains("high") else { continue }
            compiled += TemplateCompiler(partials: partials).program(text) == nil ? 0 : 1
            for fields in [TemplateSamples.everything, .init(event: .of(), now: renderedAt), .init(event: .of(.digest), now: renderedAt)] {
                let own = TemplateCompiler(partials: partials).program(text).map { program in
                    String(
                        decoding: Quoting.resolved(program.render(fields, destination: "ops", Self.quoting), Self.quoting.quote),
                        as: UTF8.self)
                }
                guard let own else { continue }
                let request = TemplateSet.Request(kind: .notification, priority: .high, destination: "ops", type: "email", dialect: .plain)
                #expect(own == folder.renderByEngine("high", fields, request, Self.quoting), "\(text.debugDescription)")
            }
        }
        #expect(compiled > 700)
    }

    @Test(arguments: ["{{events}}", "a\u{2028}{{id}}", "a\n  {{>one}}\nx", "{{#events}}{{/events", "{{unknown}}"])
    func `what is not sure is left to the engine`(text: String) {
        #expect(TemplateCompiler(partials: ["one": "{{id}}\n"]).program(text) == nil)
    }
}

/// Makes templates of tags, words, blanks and line breaks.
private struct RandomTemplate {
    private var depth = 0

    func text(_ chance: inout Chance) -> String {
        (0..<Int.random(in: 1...6, using: &chance)).map { _ in piece(&chance) }.joined()
    }

    private func piece(_ chance: inout Chance) -> String {
        let plain = [
            "word ", "\n", " ", "\t", "\r\n", "é", "{{! note }}", "{{>one}}", "{{>two}}\n", "{{> three }}", "{{id}}", "{{{message}}}",
        ]
        let name = ["message", "link", "events", "staging", "alike"].randomElement(using: &chance) ?? "id"
        guard depth < 3, Int.random(in: 0..<3, using: &chance) == 0 else {
            let more = plain + ["{{& link}}", "{{ automation }}", "  {{>one}}\n", "{ {", "{{^alike}}none{{/alike}}"]
            return more.randomElement(using: &chance) ?? ""
        }
        var inner = self
        inner.depth += 1
        let ends = ["", "\n", " \n", " x"]
        let sign = Bool.random(using: &chance) ? "#" : "^"
        let first = ends.randomElement(using: &chance) ?? "", last = ends.randomElement(using: &chance) ?? ""
        return "{{\(sign)\(name)}}\(first)\(inner.text(&chance)){{/\(name)}}\(last)"
    }
}
