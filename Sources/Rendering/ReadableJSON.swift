import RelayCore
package import RelaySupport

/// JSON as lines that a person can read before a decision: `customer.name: Kim`. Large values are shortened, and the last line counts what
/// is left out.
package enum ReadableJSON {
    static let mostLines = 20
    static let widest = 200

    package static func lines(_ value: JSONValue) -> [String] {
        var all: [String] = []
        collect(unwrapped(value), path: "", into: &all, depth: 0)
        guard all.count > mostLines else { return all }
        return all.prefix(mostLines - 1) + ["… and \(all.count - mostLines + 1) more"]
    }

    /// A text that holds a JSON object or list is read as JSON.
    private static func unwrapped(_ value: JSONValue) -> JSONValue {
        guard case .string(let text) = value, let first = text.first, first == "{" || first == "[",
            let inner = try? JSONValue(parsing: Array(text.utf8))
        else { return value }
        return inner
    }

    private static func collect(_ value: JSONValue, path: String, into lines: inout [String], depth: Int) {
        // Far above the lines that are shown, only the count would grow.
        guard lines.count < 2_000 else { return }
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
            let line = (path.isEmpty ? text : "\(path): \(text)").split(whereSeparator: \.isNewline).joined(separator: " ")
            lines.append(line.unicodeScalars.count <= widest ? line : String(line.unicodeScalars.prefix(widest - 1)) + "…")
        }
    }
}
