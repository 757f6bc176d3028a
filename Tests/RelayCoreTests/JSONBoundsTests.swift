import RelaySupport
import Testing

/// How much of a JSON text is built, and how its parts are found without building them.
struct JSONBoundsTests {
    private func reason(_ text: String, _ bounds: JSONBounds) -> JSONSyntaxError.Reason? {
        do throws(JSONSyntaxError) {
            _ = try JSONValue(parsing: Array(text.utf8), bounds: bounds)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test func `each bound is exact`() {
        let bounds = JSONBounds(depth: 2, nodes: 4, string: 3)
        #expect(reason("[1,2,3]", bounds) == nil)
        #expect(reason("[1,2,3,4]", bounds) == .tooManyNodes)
        #expect(reason("[[1]]", bounds) == nil)
        #expect(reason("[[[]]]", bounds) == .tooDeep)
        #expect(reason(#""abc""#, bounds) == nil)
        #expect(reason(#""abcd""#, bounds) == .stringTooLong)
        #expect(reason(#""\n\n\n\n""#, bounds) == .stringTooLong)
        #expect(reason("[1,", bounds) == .unexpectedEnd)
    }

    @Test func `a name that stands twice is an error, in whatever spelling`() {
        #expect(reason("{\"\u{e9}\":1,\"e\u{301}\":2}", .item) == .nameTwice)
        #expect(reason("{\"a\":1,\"a\":2}", .item) == .nameTwice)
    }

    @Test func `items are found whatever is in them`() throws {
        let bytes = Array(#" [ 1, "a]\"", {"b":[}] , nonsense,[[]] ] "#.utf8)
        let found = try JSONOutline(bytes).items(most: 10)
        #expect(found.parts.map { String(decoding: bytes[$0], as: UTF8.self) } == ["1", #""a]\"""#, #"{"b":[}]"#, "nonsense", "[[]]"])
        #expect(found.isWhole)
    }

    @Test func `only the wanted items are kept, and all are counted`() throws {
        let found = try JSONOutline(Array("[1,2,3,4,5]".utf8)).items(most: 2)
        #expect(found.parts.count == 2 && found.count == 5)
    }

    @Test func `the whole items of a text that breaks off are found`() throws {
        let found = try JSONOutline(Array(#"[{"a":1},{"b":2},{"c":"#.utf8)).items(most: 10)
        #expect(found.parts.count == 2 && !found.isWhole)
        let members = try JSONOutline(Array(#"{"object":"list","data":[1,2,{"x"#.utf8)).members(most: 10)
        #expect(members.parts.map(\.name) == ["object", "data"] && !members.isWhole)
        #expect(members.parts.map(\.isWhole) == [true, false])
    }

    @Test(arguments: ["[1 2]", "[1,]", "[,1]", "[1]]", "{1:2}", "{\"a\" 1}", "{\"a\":1,}", "{\"a\":}", "x"])
    func `what has no structure is no outline`(text: String) {
        let outline = JSONOutline(Array(text.utf8))
        #expect(throws: JSONSyntaxError.self) {
            if text.hasPrefix("{") { _ = try outline.members(most: 9) } else { _ = try outline.items(most: 9) }
        }
    }

    @Test func `a million levels are skipped without a crash`() throws {
        let deep = Array(repeating: UInt8(ascii: "["), count: 1_000_000) + Array(repeating: UInt8(ascii: "]"), count: 1_000_000)
        #expect(try JSONOutline(deep).items(most: 1).parts == [1..<1_999_999])
    }

    @Test func `a large value is packed and comes back the same`() {
        let value = JSONValue.object(["list": .array((0..<200).map { .object(["n": .int($0), "s": "é\u{0}"]) })])
        #expect(PackedJSON(value).value == value)
        #expect(PackedJSON(value) == PackedJSON(value))
        #expect(PackedJSON("small").value == "small")
    }
}
