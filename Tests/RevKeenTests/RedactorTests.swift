import RelayCore
import RelaySupport
import RelayTesting
import RevKeen
import Testing

struct RedactorTests {
    @Test(arguments: [
        ("$.email", #"{"email":"<redacted>"}"#, #"{"email":"e"}"#), ("$", #""<redacted>""#, #"{"a":1}"#),
        ("$['a b']", #"{"a b":"<redacted>"}"#, #"{"a b":{"x":1}}"#), (#"$["a"]"#, #"{"a":"<redacted>"}"#, #"{"a":[1,2]}"#),
        (#"$['it\'s\\']"#, #"{"it's\\":"<redacted>"}"#, #"{"it's\\":1}"#), ("$.größe", #"{"größe":"<redacted>"}"#, #"{"größe":1}"#),
        ("$[1]", #"[1,"<redacted>"]"#, "[1,2]"), ("$[-1]", #"[1,"<redacted>"]"#, "[1,2]"), ("$[2]", "[1,2]", "[1,2]"),
        ("$[-3]", "[1,2]", "[1,2]"), ("$[*]", #"["<redacted>","<redacted>"]"#, "[1,null]"),
        ("$[*]", #"{"a":"<redacted>"}"#, #"{"a":1}"#),
        ("$.to[*].mail", #"{"to":[{"mail":"<redacted>"},{"x":1},7]}"#, #"{"to":[{"mail":1},{"x":1},7]}"#),
        ("$..k", #"{"a":[{"k":"<redacted>"}],"k":"<redacted>"}"#, #"{"a":[{"k":2}],"k":{"k":1}}"#),
        ("$.a..k", #"{"a":{"b":{"k":"<redacted>"}},"k":1}"#, #"{"a":{"b":{"k":1}},"k":1}"#),
        ("$..a.b", #"{"a":{"a":{"b":"<redacted>"},"b":"<redacted>"}}"#, #"{"a":{"a":{"b":1},"b":2}}"#),
        ("$.a", #"{"a":"<redacted>"}"#, #"{"a":null}"#), ("$.a.b", #"{"a":7}"#, #"{"a":7}"#), ("$.a", "[1]", "[1]"),
        ("$.a", "7", "7"),
    ])
    func `a path takes out what it leads to`(path: String, after: String, before: String) throws {
        #expect(try Redactor(paths: [path]).redact(json(before)) == json(after))
    }

    @Test(arguments: [#"{"card":"4111"#, " [1,2", "{", #"[{"a":1}"#])
    func `a text that should have been JSON and cannot be read is taken out as a whole`(text: String) throws {
        #expect(try Redactor(paths: ["$.a"]).redact(.string(text)) == .string(Redactor.mark))
        #expect(Redactor().redact(.string(text)) == .string(text))
    }

    @Test func `the redactor for paths that cannot be read lets nothing through`() throws {
        for text in ["7", #"{"a":1}"#, "[1]", "null"] { #expect(try Redactor.everything.redact(json(text)) == .string(Redactor.mark)) }
    }

    @Test func `a path with thirty times dot dot is quick, however deep the value is`() throws {
        let path = "$" + String(repeating: "..a", count: 30)
        let deep = String(repeating: #"{"a":"#, count: 60) + "1" + String(repeating: "}", count: 60)
        let after = try Redactor(paths: [path]).redact(json(deep)).text
        #expect(after == String(repeating: #"{"a":"#, count: 30) + #""<redacted>""# + String(repeating: "}", count: 30))
    }

    @Test func `a path has at most as many steps as there are levels`() throws {
        #expect(throws: Never.self) { try Redactor(paths: ["$" + String(repeating: ".a", count: 64)]) }
        #expect(throws: RedactionPathError.self) { try Redactor(paths: ["$" + String(repeating: ".a", count: 65)]) }
    }

    @Test func `all paths are followed`() throws {
        let redactor = try Redactor(paths: ["$.a", "$..c"])
        #expect(
            try redactor.redact(json(#"{"a":1,"b":{"c":2,"d":3}}"#)) == json(#"{"a":"<redacted>","b":{"c":"<redacted>","d":3}}"#))
        #expect(try Redactor(paths: []).redact(json(#"{"a":1}"#)) == json(#"{"a":1}"#))
    }

    @Test(arguments: [
        ("", 0), ("a", 0), ("$a", 1), ("$.", 2), ("$..", 3), ("$.a.", 4), ("$.1", 2), ("$.*", 2), ("$..*", 3), ("$[", 2),
        ("$[]", 2),
        ("$[1", 3), ("$[01]", 2), ("$[-0]", 2), ("$[1:2]", 3), ("$['a'", 5), ("$['a", 4), (#"$['\n']"#, 4), ("$[?@.a]", 2),
        ("$.a b", 3),
        ("$[99999999999999999999]", 2), ("$...a", 3), (#"$['a\"#, 5),
    ])
    func `a path that is not understood is refused where it stops making sense`(path: String, offset: Int) throws {
        let error = #expect(throws: RedactionPathError.self) { try Redactor(paths: ["$.fine", path]) }
        #expect(error?.index == 1)
        #expect(error?.path == path)
        #expect(error?.offset == offset)
    }
}
