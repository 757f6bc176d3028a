/// Any JSON value, unchanged.
/// Numbers keep their text, so that nothing is rounded.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// A number, as it was written (RFC 8259 §6).
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    package static func int(_ value: some BinaryInteger) -> JSONValue { .number(String(value)) }

    package static func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }

    /// The member of an object; nil if the value is not an object, has no such member, or has null there.
    package subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self, let value = members[key], value != .null else { return nil }
        return value
    }

    package var string: String? { if case .string(let text) = self { text } else { nil } }
    package var array: [JSONValue]? { if case .array(let items) = self { items } else { nil } }
    package var object: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }
    package var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }

    /// The value as a whole number, also if it is written as `3.0` or `"3"`; nil for anything else.
    package var int: Int? {
        switch self {
        case .number(let text), .string(let text): Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
        default: nil
        }
    }

    package var double: Double? {
        switch self {
        case .number(let text), .string(let text): Double(text).flatMap { $0.isFinite ? $0 : nil }
        default: nil
        }
    }

    /// The value as a word for people: a string as it is, a number or a flag as written.
    /// Nil for null, arrays and objects.
    package var word: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int) { self = .int(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
    }
}
