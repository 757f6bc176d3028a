import RelaySupport

/// How long a YAML text becomes when each alias stands for what its anchor names.
///
/// Aliases to aliases multiply, and the YAML library visits what a key is made of once for each alias. So this is reckoned from the text,
/// before the library reads it. The estimate may be too high: an anchor names at most what follows it down to the next line that is indented
/// no deeper than its own, is outside of all brackets, and is no item of a list below the anchor's key.
struct AliasExpansion {
    /// The most bytes. A large honest file has 100,000.
    static let most = 1_000_000

    private struct Anchor {
        var indent: Int
        /// The anchor's line is an item of a list.
        var isItem: Bool
        var start: Int
        /// The length when the anchored value ended; nil while it goes on.
        var length: Int?
    }

    private var anchors: [String: Anchor] = [:]
    private var unfinished: Set<String> = []
    private var length = 0
    private var brackets = 0

    /// The place at which the text exceeds the bound; nil if it does not.
    static func excess(in text: String, file: String) -> Place? {
        var expansion = AliasExpansion()
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let column = expansion.read(Array(line.utf8)) { return Place(file: file, line: index + 1, column: column) }
        }
        return nil
    }

    /// Reads one line, and returns the column of an excess.
    private mutating func read(_ line: [UInt8]) -> Int? {
        let indent = line.prefix { $0 == UInt8(ascii: " ") }.count
        let isItem = indent < line.count && line[indent] == UInt8(ascii: "-")
        if indent < line.count, brackets == 0 { finish(indent, isItem: isItem) }
        var at = 0
        while at < line.count {
            length += 1
            let mark = line[at]
            if "[{".utf8.contains(mark) { brackets += 1 }
            if "]}".utf8.contains(mark) { brackets = max(0, brackets - 1) }
            if mark == UInt8(ascii: "&") || mark == UInt8(ascii: "*"), Self.mayBegin(line, at) {
                let name = String(decoding: line[(at + 1)...].prefix { !Self.endsName($0) }, as: UTF8.self)
                if mark == UInt8(ascii: "*") { add(name) } else { begin(name, indent, isItem: isItem) }
            }
            if length > Self.most { return at + 1 }
            at += 1
        }
        return nil
    }

    private mutating func begin(_ name: String, _ indent: Int, isItem: Bool) {
        anchors[name] = Anchor(indent: indent, isItem: isItem, start: length)
        unfinished.insert(name)
    }

    private mutating func add(_ name: String) {
        guard let anchor = anchors[name] else { return }
        length = min(length + (anchor.length ?? length - anchor.start), Self.most + 1)
    }

    /// Ends the anchored values that a line of this indentation does not belong to.
    private mutating func finish(_ indent: Int, isItem: Bool) {
        for name in unfinished {
            guard let anchor = anchors[name], indent <= anchor.indent else { continue }
            if isItem, !anchor.isItem, indent == anchor.indent { continue }
            anchors[name]?.length = length - anchor.start
            unfinished.remove(name)
        }
    }

    private static func mayBegin(_ line: [UInt8], _ at: Int) -> Bool { at == 0 || " \t[{,".utf8.contains(line[at - 1]) }
    private static func endsName(_ byte: UInt8) -> Bool { " \t[]{},".utf8.contains(byte) }
}
