/// A JSON value that is kept as its canonical text while it is large, because its nodes need many times the memory of the text.
package struct PackedJSON: Sendable, Equatable {
    private enum Form: Sendable {
        case value(JSONValue)
        case text(String)
    }

    /// The most nodes that are kept as they are.
    private static let small = 64
    private static let anyText = JSONBounds(depth: .max, nodes: .max, string: .max)

    private let form: Form

    package init(_ value: JSONValue) {
        var left = Self.small
        form = value.fits(&left) ? .value(value) : .text(value.text)
    }

    /// - Parameter canonical: the canonical text of a value. Text that is damaged stays a text.
    package init(canonical: String) { form = .text(canonical) }

    /// The value. It is parsed at each call if it is large.
    package var value: JSONValue {
        switch form {
        case .value(let value): value
        case .text(let text): (try? JSONValue(parsing: Array(text.utf8), bounds: Self.anyText)) ?? .string(text)
        }
    }

    /// The canonical text of the value.
    package var text: String {
        switch form {
        case .value(let value): value.text
        case .text(let text): text
        }
    }

    package static func == (one: PackedJSON, other: PackedJSON) -> Bool {
        if case .value(let value) = one.form, case .value(let otherValue) = other.form { return value == otherValue }
        return one.text == other.text
    }
}

extension JSONValue {
    /// Takes the nodes of the value off a number; false if it has more.
    fileprivate func fits(_ left: inout Int) -> Bool {
        left -= 1
        guard left >= 0 else { return false }
        switch self {
        case .null, .bool, .number, .string: return true
        case .array(let items): return items.allSatisfy { $0.fits(&left) }
        case .object(let members): return members.values.allSatisfy { $0.fits(&left) }
        }
    }
}
