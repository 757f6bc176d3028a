import Foundation
import RelayCore
import RelaySupport
import Testing

@testable import Rendering

/// Templates that the engine would accept silently or crash on are refused with their file, line and column.
struct TemplateScannerTests {
    /// The problems of a user's folder, as `name:line:column: …`.
    private func problems(_ files: [String: String]) throws -> [String] {
        let problems = ProblemList()
        _ = try TemplateSet.of(files, problems)
        return problems.all.map { problem in
            let name = problem.place.file.split(separator: "/").last.map(String.init) ?? ""
            return problem.description.replacingOccurrences(of: problem.place.file, with: name)
        }
    }

    @Test(arguments: [
        ("{{mesage}}", 1, "'mesage' is not known; expected a name of docs/templates.md (did you mean 'message'?)"),
        ("ok\n  {{{mesage}}}", 3, "'mesage' is not known"), ("\n{{#faild}}x{{/faild}}", 1, "'faild' is not known"),
        ("\n{{&mesage}}", 1, "'mesage' is not known"), ("\n{{.}}", 1, "'.' is not known"), ("\n{{a.b}}", 1, "'a.b' is not known"),
        ("\n{{}}", 1, "'' is not known"), ("\né {{mesage}}", 3, "'mesage' is not known"),
        ("{{! two\nlines }}{{mesage}}", 9, "'mesage' is not known"), ("\n{{#actions}}{{count}}{{/actions}}", 13, "'count' is not known"),
        ("\n{{height}}", 1, "'height' is not known"), ("\n{{uppercased(message)}}", 1, "'uppercased(message)' is a transform"),
        ("\n{{#reversed(events)}}x{{/reversed(events)}}", 1, "'reversed(events)' is a transform"),
        ("\n{{=<% %>=}}", 1, "'{{=' is not allowed here"), ("\n{{% CONTENT_TYPE:HTML}}", 1, "'{{%' is not allowed here"),
        ("\n{{<parent}}x{{/parent}}", 1, "'{{<' is not allowed here"), ("\n{{$block}}x{{/block}}", 1, "'{{$' is not allowed here"),
        ("\n{{*name}}", 1, "'{{*' is not allowed here"), ("\n{{>*name}}", 1, "there is no partial '_*name.mustache'"),
        ("\n{{>fact}}", 1, "there is no partial '_fact.mustache' (did you mean 'facts'?)"), ("\n{{message", 1, "the tag has no end"),
        ("\n{{{message}}", 1, "the tag has no end; expected }}}"),
        ("\nx{{#open}}y", 2, "the section 'open' has no end; expected {{/open}}"),
        ("\nx{{/open}}", 2, "'{{/open}}' ends no section"), ("\n{{#open}}{{#failed}}{{/open}}", 21, "'{{/open}}' ends no section"),
    ])
    func `a tag that is not allowed is named where it stands`(text: String, column: Int, words: String) throws {
        let line = text.hasPrefix("{{mesage") ? 1 : 2
        let found = try problems(["high": text])
        #expect(found.contains { $0.hasPrefix("high.mustache:\(line):\(column): \(words)") }, "\(found)")
    }

    @Test(arguments: [
        "{{message}}", "{{ message }}", "{{{message}}}", "{{&message}}", "{{! anything at all: {{ }}",
        "{{#open}}{{^failed}}x{{/failed}}{{/open}}",
        "{{#events}}{{automation}}{{link}}{{/events}}", "{{#new}}{{streak}}{{first}}{{/new}}", "{{>facts}}", "no tag", "} { }}",
    ])
    func `what is allowed is no problem`(text: String) throws {
        #expect(try problems(["digest": text]) == [])
    }

    @Test func `every problem of every file is told at once`() throws {
        let found = try problems(["high": "{{one}}\n{{two}}", "low": "{{three}}", "_p": "{{four}}", "nobody": "x"])
        #expect(
            found.map { $0.prefix { $0 != " " } }.sorted() == [
                "_p.mustache:1:1:", "high.mustache:1:1:", "high.mustache:2:1:", "low.mustache:1:1:", "nobody.mustache:1:1:",
            ])
    }

    @Test(arguments: [
        ["_a": "{{>a}}"], ["_a": "{{>b}}", "_b": "{{>a}}"], ["_a": "x{{>b}}", "_b": "{{>c}}", "_c": "{{#open}}{{>a}}{{/open}}"],
        ["_facts": "{{>request}}", "_request": "{{>facts}}"],
    ])
    func `partials that lead back to themselves are refused, each by name`(files: [String: String]) throws {
        let found = try problems(files)
        #expect(found.count == files.count)
        for name in files.keys {
            #expect(found.contains("\(name).mustache:1:1: the partial '\(name.dropFirst())' leads back to itself"), "\(found)")
        }
    }

    @Test(arguments: [
        ("hihg", "high"), ("nobody.high", nil), ("ops.hihg", "ops.high"), ("notification-loud", nil), ("aproval", "approval"),
        ("High", "high"), ("high.htm", "high.html"),
    ])
    func `a file name that no message asks for is refused`(name: String, meant: String?) throws {
        let found = try problems([name: "x"])
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("\(name).mustache:1:1: no message asks for a template of this name") == true, "\(found)")
        #expect(meant.map { found.first?.hasSuffix("(did you mean '\($0)'?)") == true } ?? true, "\(found)")
    }

    @Test(arguments: ["high", "ops.high", "email.run.html", "slack.notification-urgent", "approval-low", "relay", "digest.html", "_mine"])
    func `a file name that a message may ask for is good`(name: String) throws {
        #expect(try problems([name: "x"]) == [])
    }

    @Test func `with one problem anywhere nothing of the folder is used`() throws {
        let set = try TemplateSet.of(["high": "by the user", "low": "{{mesage}}"])
        #expect(set.render().title == "Important: notification")
    }

    @Test func `a folder that is not there is told`() {
        let problems = ProblemList()
        _ = TemplateSet(folder: "/nowhere/at/all", destinations: [:], types: [], problems: problems)
        #expect(problems.errors.map(\.problem) == ["the folder of templates cannot be read"])
    }

    @Test func `a file that is no UTF-8 is told`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("templates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data([0xFF, 0xFE, 0x00]).write(to: folder.appendingPathComponent("high.mustache"))
        try Data("not a template".utf8).write(to: folder.appendingPathComponent("README.md"))
        let problems = ProblemList()
        _ = TemplateSet(folder: folder.path, destinations: [:], types: [], problems: problems)
        #expect(problems.errors.map(\.problem) == ["the template cannot be read"])
    }
}
