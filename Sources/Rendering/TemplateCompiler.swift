import RelaySupport

/// Compiles a template to a program that gives the engine's bytes, quirks of its white space included. What it does not know for sure is left
/// to the engine: other tags, names that are not known, partials that are indented, and odd line breaks.
struct TemplateCompiler {
    /// The texts of all partials, by name without `_`.
    let partials: [String: String]

    private static let deepest = 40
    private static let names = TemplateScanner.itemNames.values.reduce(TemplateScanner.names) { $0.union($1) }

    /// Nil if the engine has to render it.
    func program(_ text: String) -> TemplateProgram? {
        steps(of: text, depth: 0).map { TemplateProgram(steps: Self.joined($0)) }
    }

    private func steps(of text: String, depth: Int) -> [TemplateProgram.Step]? {
        guard depth < Self.deepest else { return nil }
        var reader = TagReader(text.withUnixLineEnds)
        guard reader.hasOnlyPlainLineBreaks else { return nil }
        // The engine reads a pragma in front of each text. The first line is at its beginning only if the pragma stands on it alone.
        let isAtBeginning = reader.skipsRestOfBlankLine()
        return parse(&reader, inside: nil, isNewLine: isAtBeginning, depth: depth)
    }

    /// Reads up to the end of the section, or of the text.
    private func parse(_ reader: inout TagReader, inside section: String?, isNewLine: Bool, depth: Int) -> [TemplateProgram.Step]? {
        var steps: [TemplateProgram.Step] = []
        var isNewLine = isNewLine, indent: ArraySlice<UInt8> = []
        while !reader.isAtEnd {
            if isNewLine { indent = reader.blanks() }
            let words = reader.words()
            if reader.takeLineBreak() {
                steps.append(.words(Array(indent) + words + [UInt8(ascii: "\n")]))
                isNewLine = true
                continue
            }
            if !words.isEmpty {
                steps.append(.words(Array(indent) + words))
                indent = []
                isNewLine = false
            }
            if reader.isAtEnd { break }
            guard let tag = reader.tag() else { return nil }
            let isAlone = isNewLine && tag.kind.canStandAlone && reader.skipsRestOfBlankLine()
            if !indent.isEmpty, tag.kind.keepsIndent(isAlone: isAlone) { steps.append(.words(Array(indent))) }
            switch tag.kind {
            case .comment: break
            case .field:
                guard Self.names.contains(tag.name), TemplateScanner.itemNames[tag.name] == nil else { return nil }
                steps.append(.field(tag.name))
            case .section, .inverted:
                guard Self.names.contains(tag.name), depth < Self.deepest,
                    let body = parse(&reader, inside: tag.name, isNewLine: isAlone, depth: depth + 1)
                else { return nil }
                steps.append(.section(tag.name, isInverted: tag.kind == .inverted, Self.joined(body)))
            case .end: return tag.name == section ? steps : nil
            case .partial:
                // An indented partial would indent its values too.
                guard indent.isEmpty || !isAlone, let text = partials[tag.name], let own = self.steps(of: text, depth: depth + 1) else {
                    return nil
                }
                steps += own
            }
            if tag.kind != .comment && !isAlone || tag.kind == .partial { indent = [] }
            isNewLine = isAlone
        }
        return section == nil ? steps : nil
    }

    /// Words that follow one another become one step.
    private static func joined(_ steps: [TemplateProgram.Step]) -> [TemplateProgram.Step] {
        var joined: [TemplateProgram.Step] = []
        for step in steps {
            if case .words(let more) = step, case .words(let words)? = joined.last {
                joined[joined.count - 1] = .words(words + more)
            } else {
                joined.append(step)
            }
        }
        return joined
    }
}

/// Reads the tags of a template, as the engine does.
private struct TagReader {
    enum Kind {
        case field, section, inverted, end, comment, partial

        var canStandAlone: Bool { self != .field }

        /// Whether the blanks before the tag are written.
        func keepsIndent(isAlone: Bool) -> Bool {
            switch self {
            case .field, .partial: true
            case .section, .inverted, .end: !isAlone
            // They stay for the words behind a comment.
            case .comment: false
            }
        }
    }

    struct Tag {
        var kind: Kind
        var name = ""
    }

    private let bytes: [UInt8]
    private var at = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { at == bytes.count }

    /// The engine takes some rare characters for line breaks too.
    var hasOnlyPlainLineBreaks: Bool {
        let text = String(decoding: bytes, as: UTF8.self).unicodeScalars
        return !text.contains { $0.value == 0x0B || $0.value == 0x0C || $0.value == 0x85 || $0.value == 0x2028 || $0.value == 0x2029 }
    }

    mutating func blanks() -> ArraySlice<UInt8> {
        let start = at
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 { at += 1 }
        return bytes[start..<at]
    }

    /// The words up to the next tag or line break. A tag's opening braces are consumed.
    mutating func words() -> ArraySlice<UInt8> {
        let start = at
        while at < bytes.count, bytes[at] != 0x0A {
            if bytes[at] == UInt8(ascii: "{"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "{") {
                defer { at += 2 }
                return bytes[start..<at]
            }
            at += 1
        }
        return bytes[start..<at]
    }

    mutating func takeLineBreak() -> Bool {
        guard at < bytes.count, bytes[at] == 0x0A else { return false }
        at += 1
        return true
    }

    /// Skips blanks and a line break if nothing else is left of the line. True also at the end of the text.
    mutating func skipsRestOfBlankLine() -> Bool {
        if isAtEnd { return true }
        var end = at
        while end < bytes.count, bytes[end] == 0x20 || bytes[end] == 0x09 { end += 1 }
        guard end < bytes.count, bytes[end] == 0x0A else { return false }
        at = end + 1
        return true
    }

    /// The tag behind its opening braces; nil if the engine has to read it.
    mutating func tag() -> Tag? {
        guard at < bytes.count else { return nil }
        switch bytes[at] {
        case UInt8(ascii: "#"): return named(.section)
        case UInt8(ascii: "^"): return named(.inverted)
        case UInt8(ascii: "/"): return named(.end)
        case UInt8(ascii: ">"): return named(.partial)
        case UInt8(ascii: "&"): return named(.field)
        case UInt8(ascii: "{"):
            guard let tag = named(.field), at < bytes.count, bytes[at] == UInt8(ascii: "}") else { return nil }
            at += 1
            return tag
        case UInt8(ascii: "!"): return comment()
        default:
            at -= 1
            return named(.field)
        }
    }

    /// Reads a name behind a sign of one byte.
    private mutating func named(_ kind: Kind) -> Tag? {
        at += 1
        skipWhiteSpace()
        let start = at
        while at < bytes.count, isOfName(bytes[at]) { at += 1 }
        let name = String(decoding: bytes[start..<at], as: UTF8.self)
        skipWhiteSpace()
        guard closes() else { return nil }
        return Tag(kind: kind, name: name)
    }

    private mutating func comment() -> Tag? {
        while at < bytes.count {
            if closes() { return Tag(kind: .comment) }
            at += 1
        }
        return nil
    }

    private mutating func closes() -> Bool {
        guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "}"), bytes[at + 1] == UInt8(ascii: "}") else { return false }
        at += 2
        return true
    }

    private mutating func skipWhiteSpace() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 || bytes[at] == 0x0A { at += 1 }
    }

    private func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
