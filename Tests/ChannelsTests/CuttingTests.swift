import RelayCore
import RelaySupport
import Testing

@testable import Channels

struct CuttingTests {
    @Test(arguments: [
        ("abcde", 4, "abc…"), ("abcde", 5, "abcde"), ("abcde", 6, "abcde"), ("abcde", 1, "…"), ("abcde", 0, ""),
        ("a&amp;b", 6, "a…"), ("a&amp;b", 7, "a&amp;b"), ("a&amp;bc", 7, "a&amp;…"), ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 12, "👩‍👩‍👧‍👦…"),
    ])
    func `a text is cut between units, within the limit, and unchanged if it fits`(text: String, most: Int, cut: String) {
        #expect(Slack.dialect.cut(text, to: Limit(most, .utf16)) == cut)
    }

    @Test func `the limit is counted in its own unit`() {
        let text = "éé"  // 2 code points and UTF-16 units, 4 bytes
        #expect(Dialect.plain.cut(text, to: Limit(2, .utf16)) == text)
        #expect(Dialect.plain.cut(text, to: Limit(3, .bytes)) == "…")
        #expect(Dialect.plain.cut(text, to: Limit(4, .bytes)) == text)
    }

    @Test func `a letter that alone is over the limit is cut between its scalars`() {
        let zalgo = "e" + String(repeating: "\u{301}", count: 100)
        #expect(Dialect.plain.start(of: zalgo[...], within: Limit(10, .utf16)).utf16.count == 10)
        let pieces = Dialect.plain.pieces(of: zalgo, each: Limit(10, .utf16))
        #expect(pieces.map { $0.hasPrefix(">") ? String($0.unicodeScalars.dropFirst(2)) : $0 }.joined() == zalgo)
    }

    @Test(arguments: [
        ("aaaa\nbbbb\ncc", ["aaaa\nbbbb\n", "cc"]), ("a\nbbbbbbbbbbbb", ["a\nbbbbbbbb", "> bbbb"]), ("\n\n\n", []), ("", []),
        ("ab", ["ab"]), ("> aaaaaaaaDecide: x", ["> aaaaaaaa", "> Decide: ", "> x"]),
    ])
    func `a piece ends with a line where one ends in its second half, and the rest of a split line is quoted`(
        text: String, pieces: [String]
    ) {
        #expect(Dialect.plain.pieces(of: text, each: Limit(10, .utf16)) == pieces)
    }
}
