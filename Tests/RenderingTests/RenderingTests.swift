import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Templates
import Testing

@testable import Rendering

private let slack = Dialect(
    name: "slack",
    escape: { text in
        text.unicodeScalars.map { $0 == "&" ? "&amp;" : $0 == "<" ? "&lt;" : $0 == ">" ? "&gt;" : String($0) }.joined()
    }, unit: Dialect.html.unit)

private func event(_ detail: Detail, _ kind: Event.Kind, staging: Bool = false) -> Event {
    Event(
        id: "a/notification/1", account: "a", kind: kind, subject: "a/notification/1", priority: .high,
        occurredAt: Timestamp(seconds: 1_795_510_800),
        seenAt: Timestamp(seconds: 1_795_510_800),
        payload: Payload(origin: Origin(staging: staging, automation: "Kim & Co <nightly>"), detail: detail))
}

private func request(_ kind: Event.Kind, _ dialect: Dialect = .plain, type: String = "webhook", html: Dialect? = nil) -> TemplateSet.Request
{
    TemplateSet.Request(kind: kind, priority: .high, destination: "ops", type: type, dialect: dialect, html: html)
}

private let now = Timestamp(seconds: 1_795_510_890)

struct RenderingTests {
    private func rendered(_ detail: Detail, _ kind: Event.Kind, _ request: TemplateSet.Request, staging: Bool = false) -> Rendered {
        TemplateSet.builtIn.render(Fields(event: event(detail, kind, staging: staging), now: now), request)
    }

    @Test func `every file of the folder is embedded`() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../templates").standardized
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".mustache") }
        #expect(Set(files) == Set(Templates.all.keys.map { "\($0).mustache" }))
    }

    @Test func `the built-in templates pass their own scanner`() {
        let problems = ProblemList()
        let partials = Set(Templates.all.keys.filter { $0.hasPrefix("_") }.map { String($0.dropFirst()) })
        for (name, text) in Templates.all {
            var scanner = TemplateScanner(file: name, partials: partials, isPartial: name.hasPrefix("_"), problems: problems)
            scanner.scan(text)
        }
        #expect(problems.all.isEmpty, "\(problems.all)")
    }

    @Test func `data is escaped for the dialect, in values and in partials`() {
        let text = rendered(
            .notification(NotificationDetail(message: "<!channel> & {{name}}")), .notification, request(.notification, slack))
        #expect(text.title.hasSuffix("Kim &amp; Co &lt;nightly&gt;: &lt;!channel&gt; &amp; {{name}}"))
        #expect(text.body.contains("Automation: Kim &amp; Co &lt;nightly&gt;"))
        #expect(!(text.title + text.body).contains("&quot;"))
    }

    @Test func `a mail has an HTML part in which data is only text`() throws {
        let text = rendered(
            .run(RunDetail(outcome: .failed, error: "<script>alert(1)</script>")), .run, request(.run, type: "email", html: .html))
        let html = try #require(text.html)
        #expect(html.contains("&lt;script&gt;"))
        #expect(!html.contains("<script>"))
        #expect(text.body.contains("<script>"))
    }

    @Test func `a message from a sandbox key says so, whatever the template`() {
        #expect(
            rendered(.notification(NotificationDetail(message: "x")), .notification, request(.notification), staging: true).title.hasPrefix(
                "[staging] "))
    }

    @Test(arguments: Event.Kind.allCases)
    func `every kind has a title and a body`(kind: Event.Kind) {
        let detail: Detail =
            switch kind {
            case .notification: .notification(NotificationDetail(message: "m"))
            case .run: .run(RunDetail(outcome: .failed, error: "e"))
            case .approval, .decision, .reminder:
                .approval(ApprovalDetail(id: "1", action: "Refund", actions: ["amount": 3], createdAt: now))
            case .digest: .digest(DigestDetail(name: "d", from: now, until: now, headline: "1 event", events: []))
            case .absence: .absence(AbsenceDetail(expected: .start, due: now, countedFrom: now))
            case .relay: .relay(RelayDetail(topic: "down", about: "ops", detail: "it is down"))
            }
        let text = rendered(detail, kind, request(kind))
        #expect(text.title.count > 3 && text.fellBackBecause == nil)
        #expect(kind == .digest || !text.body.isEmpty)
    }

    @Test func `facts stand line by line, without gaps`() {
        let text = rendered(.notification(NotificationDetail(type: "t", message: "m\nn")), .notification, request(.notification))
        #expect(text.body == "> n\n\nAutomation: Kim & Co <nightly>\nTime: 2026-11-24 09:00 UTC\nType: t", "\(text.body)")
    }

    @Test func `an approval says what is to be decided`() {
        let detail = ApprovalDetail(
            id: "1", action: "Refund batch 17", actions: [["amount": "1,240.00 EUR", "to": ["name": "Kim"]]],
            createdAt: now - .seconds(7_200))
        let text = rendered(.approval(detail), .approval, request(.approval))
        for piece in ["Refund batch 17", "amount: 1,240.00 EUR", "to.name: Kim", "Waiting: 2 h"] {
            #expect(text.body.contains(piece), "\(text.body)")
        }
    }
}

struct UserTemplateTests {
    private func set(_ files: [String: String], _ problems: ProblemList = ProblemList()) throws -> TemplateSet {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("templates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent("\(name).mustache")) }
        return TemplateSet(folder: folder.path, destinations: ["ops": "webhook"], types: ["webhook", "email"], problems: problems)
    }

    private func title(_ files: [String: String]) throws -> String {
        let fields = Fields(event: event(.notification(NotificationDetail(message: "m")), .notification), now: now)
        return try set(files).render(fields, request(.notification)).title
    }

    @Test func `the destination's name goes before the type's, and both before none`() throws {
        #expect(try title(["high": "plain", "webhook.high": "type", "ops.high": "name"]) == "name")
        #expect(try title(["high": "plain", "webhook.high": "type"]) == "type")
        #expect(try title(["high": "plain", "notification-high": "both"]) == "both")
        #expect(try title(["notification": "any", "high": "plain"]) == "plain")
    }

    @Test func `a user's template that says nothing falls back, and says why`() throws {
        let fields = Fields(event: event(.notification(NotificationDetail(message: "m")), .notification), now: now)
        let text = try set(["high": "{{#failed}}never{{/failed}}"]).render(fields, request(.notification))
        #expect(text.body.contains("m"))
        #expect(text.fellBackBecause != nil)
    }

    @Test(arguments: [
        ("{{mesage}}", "mesage"), ("{{#open}}x", "no end"), ("x {{/open}}", "ends no section"), ("{{>nothing}}", "_nothing.mustache"),
        ("{{=<% %>=}}", "not allowed"), ("{{% CONTENT_TYPE:HTML}}", "not allowed"), ("{{uppercased(message)}}", "transform"),
        ("{{message", "no end"),
        ("{{line}}", "line"),
    ])
    func `what the engine would take silently is refused with its place`(text: String, complaint: String) throws {
        let problems = ProblemList()
        _ = try set(["high": "a\n" + text], problems)
        #expect(problems.errors.contains { $0.place.line == 2 && $0.description.contains(complaint) }, "\(problems.all)")
    }

    @Test func `partials that lead back to themselves are refused`() throws {
        let problems = ProblemList()
        _ = try set(["_a": "{{>b}}", "_b": "{{>a}}", "high": "{{>a}}"], problems)
        #expect(problems.errors.count { $0.problem.contains("leads back to itself") } == 2)
    }

    @Test func `a name that no message asks for is refused`() throws {
        let problems = ProblemList()
        _ = try set(["hihg": "x"], problems)
        #expect(problems.errors.first?.meant == "high")
    }
}

struct CuttingTests {
    @Test(arguments: [
        ("a&amp;b", 6, "a…"), ("a&amp;b", 7, "a&amp;b"), ("abcdef", 5, "abcd…"), ("abc", 3, "abc"), ("abcd", 3, "ab…"),
    ])
    func `a text is cut between units, within the limit`(text: String, most: Int, expected: String) {
        #expect(Dialect.html.cut(text, to: Limit(most, .utf16), ending: "…") == expected)
    }

    @Test func `a family of emoji is whole or not there, in every unit`() {
        let family = "👩‍👩‍👧‍👦"
        for unit in [Limit.Unit.utf16, .codePoints, .bytes] {
            let whole = Limit(0, unit).size(of: family)
            #expect(Dialect.plain.cut(family + family, to: Limit(whole * 2 - 1, unit), ending: "").count == 1)
            #expect(Dialect.plain.cut(family + family, to: Limit(whole * 2, unit), ending: "") == family + family)
        }
    }
}

/// A template that an editor saved with CRLF.
struct LineEndTests {
    @Test(arguments: ["Subject\r\n\r\nBody\r\nmore", "Subject\n\nBody\nmore", "Subject\r\rBody\rmore"])
    func `the first line is the title, whatever ends it`(text: String) {
        let rendered = Rendered(text, html: nil, template: "t", isStaging: false)
        #expect(rendered.title == "Subject" && rendered.body == "Body\nmore")
    }
}
