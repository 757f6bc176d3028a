import RelaySupport

/// A syntax error in a redaction path.
package struct RedactionPathError: Error, Sendable, Equatable {
    /// The index of the path in the list, from 0.
    package var index: Int
    package var path: String
    /// The number of Unicode scalars before the error.
    package var offset: Int
    package var expected: String
}

/// A JSON path of the subset `$ .name ['name'] [n] [*] ..name` of RFC 9535.
struct RedactionPath: Sendable, Equatable {
    enum Segment: Sendable, Equatable {
        case name(String)
        /// An array index; a negative one counts from the end.
        case index(Int)
        case all
        /// A member with this name at any depth.
        case descendant(String)
    }

    /// Deeper than any JSON that is read.
    static let mostSegments = JSONBounds.item.depth

    var segments: [Segment]

    init(segments: [Segment]) { self.segments = segments }

    init(_ text: String, index: Int = 0) throws(RedactionPathError) {
        var reader = PathReader(text, index: index)
        segments = try reader.path()
    }
}

private struct PathReader {
    private let text: String
    private let index: Int
    private let scalars: [Unicode.Scalar]
    private var at = 0

    init(_ text: String, index: Int) {
        self.text = text
        self.index = index
        scalars = Array(text.unicodeScalars)
    }

    mutating func path() throws(RedactionPathError) -> [RedactionPath.Segment] {
        guard skip("$") else { throw fault("$ at the start") }
        var segments: [RedactionPath.Segment] = []
        while at < scalars.count {
            guard segments.count < RedactionPath.mostSegments else { throw fault("at most \(RedactionPath.mostSegments) steps") }
            segments.append(try segment())
        }
        return segments
    }

    private mutating func segment() throws(RedactionPathError) -> RedactionPath.Segment {
        if skip("[") { return try bracket() }
        guard skip(".") else { throw fault("'.name', '..name', ['name'], [n] or [*]") }
        return skip(".") ? .descendant(try name()) : .name(try name())
    }

    /// Reads a name (RFC 9535 §2.5.1.1): letters, `_` and anything beyond ASCII; digits too, but not first.
    private mutating func name() throws(RedactionPathError) -> String {
        var name = String.UnicodeScalarView()
        while at < scalars.count, scalars[at].isNameScalar(first: name.isEmpty) {
            name.append(scalars[at])
            at += 1
        }
        guard !name.isEmpty else { throw fault("a name") }
        return String(name)
    }

    private mutating func bracket() throws(RedactionPathError) -> RedactionPath.Segment {
        let segment: RedactionPath.Segment
        if skip("*") {
            segment = .all
        } else if skip("'") {
            segment = .name(try quoted("'"))
        } else if skip("\"") {
            segment = .name(try quoted("\""))
        } else {
            segment = .index(try number())
        }
        guard skip("]") else { throw fault("]") }
        return segment
    }

    private mutating func quoted(_ quote: Unicode.Scalar) throws(RedactionPathError) -> String {
        var name = String.UnicodeScalarView()
        while at < scalars.count, scalars[at] != quote {
            if skip("\\"), at >= scalars.count || !["'", "\"", "\\", "/"].contains(scalars[at]) {
                throw fault("\\', \\\", \\\\ or \\/")
            }
            name.append(scalars[at])
            at += 1
        }
        guard skip(quote) else { throw fault("a closing \(quote)") }
        return String(name)
    }

    private mutating func number() throws(RedactionPathError) -> Int {
        let start = at
        _ = skip("-")
        while at < scalars.count, ("0"..."9").contains(scalars[at]) { at += 1 }
        var digits = String.UnicodeScalarView()
        digits.append(contentsOf: scalars[start..<at])
        let text = String(digits)
        guard let number = Int(text), text == String(number) else {
            at = start
            throw fault("'name', a whole number or *")
        }
        return number
    }

    private mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        guard at < scalars.count, scalars[at] == mark else { return false }
        at += 1
        return true
    }

    private func fault(_ expected: String) -> RedactionPathError {
        RedactionPathError(index: index, path: text, offset: at, expected: expected)
    }
}

extension Unicode.Scalar {
    fileprivate func isNameScalar(first: Bool) -> Bool {
        switch self {
        case "a"..."z", "A"..."Z", "_": true
        case "0"..."9": !first
        default: value >= 0x80
        }
    }
}
