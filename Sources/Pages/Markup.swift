/// HTML markup.
///
/// Only literals of the program's own source become markup as they are. Everything interpolated into them is escaped unless it is `Markup`
/// itself, so a page cannot forget to escape. A value inside a tag must stand between double quotes.
package struct Markup: Sendable, Equatable, ExpressibleByStringInterpolation, CustomStringConvertible {
    package private(set) var html: String

    package static let nothing: Markup = ""

    package init(stringLiteral value: StaticString) { html = value.description }

    package init(stringInterpolation: Interpolation) { html = stringInterpolation.html }

    /// Creates markup from plain text, which is escaped.
    package init(text: String) { html = escaped(text) }

    package init(_ parts: some Sequence<Markup>, separator: Markup = .nothing) {
        html = parts.map(\.html).joined(separator: separator.html)
    }

    /// A page's style as the content of a `style` element, where nothing is escaped.
    init(_ style: PageStyle) { html = style.css }

    package var description: String { html }

    package static func + (a: Markup, b: Markup) -> Markup { "\(a)\(b)" }

    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var html = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            html.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        package mutating func appendLiteral(_ literal: StaticString) { html += literal.description }
        package mutating func appendInterpolation(_ text: String) { html += escaped(text) }
        package mutating func appendInterpolation(_ number: Int) { html += String(number) }
        package mutating func appendInterpolation(_ markup: Markup) { html += markup.html }
        package mutating func appendInterpolation(_ markup: Markup?) { html += markup?.html ?? "" }
        package mutating func appendInterpolation(_ parts: [Markup]) { for part in parts { html += part.html } }
    }
}

/// Escapes text for HTML, byte by byte, because a combining mark after `<` would hide it from a comparison of characters.
///
/// Control characters become U+FFFD. CRLF and CR become a line feed, as a browser reads them; a dropped CR would join the digits of two
/// lines to one number.
private func escaped(_ text: String) -> String {
    var out: [UInt8] = []
    out.reserveCapacity(text.utf8.count + 16)
    var previous: UInt8 = 0
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "&"): out += "&amp;".utf8
        case UInt8(ascii: "<"): out += "&lt;".utf8
        case UInt8(ascii: ">"): out += "&gt;".utf8
        case UInt8(ascii: "\""): out += "&quot;".utf8
        case UInt8(ascii: "'"): out += "&#39;".utf8
        case 0x0D: out.append(0x0A)
        case 0x0A where previous == 0x0D: break
        case 0..<0x09, 0x0B..<0x20, 0x7F: out += "\u{FFFD}".utf8
        default: out.append(byte)
        }
        previous = byte
    }
    return String(decoding: out, as: UTF8.self)
}
