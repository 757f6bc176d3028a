import Testing

/// A text argument of a parameterised test. The test output shows its beginning and its size, so that no line of it is long.
package struct LongText: Sendable, Hashable, ExpressibleByStringInterpolation, CustomTestStringConvertible {
    package var text: String

    package init(_ text: String) { self.text = text }

    package init(stringLiteral text: String) { self.text = text }

    package var testDescription: String {
        let scalars = text.unicodeScalars
        guard scalars.count > 80 else { return "\"\(text)\"" }
        return "\"\(String(scalars.prefix(40)))…\" (\(scalars.count) scalars)"
    }
}
