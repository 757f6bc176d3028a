import RelayCore
package import RelaySupport

/// JSON as lines that a person can read before a decision: `customer.name: Kim`.
package enum ReadableJSON {
    /// The lines of a value for a place with little room.
    package struct Lines: Sendable, Equatable {
        /// Long lines are cut, and the last one counts those that are left out.
        package var shown: [Line]
        /// The number of lines that the value has.
        package var all: Int

        package static let empty = Lines(shown: [], all: 0)
    }

    package struct Line: Sendable, Equatable {
        package var text: String
        package var isWhole: Bool
    }

    static let mostLines = 20
    static let widest = 200

    package static func lines(_ value: JSONValue) -> Lines {
        let all = all(value)
        let first = all.prefix(all.count > mostLines ? mostLines - 1 : mostLines)
        let rest = all.count - first.count
        let more = rest > 0 ? [Line(text: "… and \(rest) more", isWhole: false)] : []
        return Lines(shown: first.map(cut) + more, all: all.count)
    }

    private static func cut(_ line: String) -> Line {
        guard line.unicodeScalars.count > widest else { return Line(text: line, isWhole: true) }
        return Line(text: String(line.unicodeScalars.prefix(widest - 1)) + "…", isWhole: false)
    }

    /// Every line, whole.
    package static func all(_ value: JSONValue) -> [String] {
        var lines: [String] = []
        collect(unwrapped(value), path: "", into: &lines, depth: 0)
        return lines
    }

    /// A text that holds a JSON object or list is read as JSON.
    private static func unwrapped(_ value: JSONValue) -> JSONValue {
        guard case .string(let text) = value, let first = text.first, first == "{" || first == "[",
            let inner = try? JSONValue(parsing: Array(text.utf8))
        else { return value }
        return inner
    }

    private static func collect(_ value: JSONValue, path: String, into lines: inout [String], depth: Int) {
        switch unwrapped(value) {
        case .object(let members) where !members.isEmpty && depth < 8:
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                collect(member, path: path.isEmpty ? name : "\(path).\(name)", into: &lines, depth: depth + 1)
            }
        case .array(let items) where !items.isEmpty && depth < 8:
            for (index, item) in items.enumerated() {
                collect(item, path: items.count == 1 ? path : "\(path)[\(index + 1)]", into: &lines, depth: depth + 1)
            }
        case let leaf:
            let text = leaf.word ?? leaf.text
            // A text inside a text was repaired with its escapes, which are read only here.
            lines.append(
                (path.isEmpty ? text : "\(path): \(text)").repaired(most: .max).split(whereSeparator: \.isNewline).joined(separator: " "))
        }
    }
}
