/// HTML markup.
/// Everything interpolated into it is escaped unless it is `Markup` itself, so a page cannot forget to escape.
struct Markup: Sendable, ExpressibleByStringInterpolation, CustomStringConvertible {
    private(set) var html: String

    static let nothing = Markup(stringLiteral: "")

    init(stringLiteral value: String) { html = value }

    init(stringInterpolation: Interpolation) { html = stringInterpolation.html }

    /// Creates markup from plain text, which is escaped.
    init(text: String) { html = escaped(text) }

    init(_ parts: some Sequence<Markup>) { html = parts.map(\.html).joined() }

    var description: String { html }

    static func + (a: Markup, b: Markup) -> Markup { Markup(stringLiteral: a.html + b.html) }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var html = ""

        init(literalCapacity: Int, interpolationCount: Int) { html.reserveCapacity(literalCapacity + interpolationCount * 16) }

        mutating func appendLiteral(_ literal: String) { html += literal }
        mutating func appendInterpolation(_ text: String) { html += escaped(text) }
        mutating func appendInterpolation(_ number: Int) { html += String(number) }
        mutating func appendInterpolation(_ markup: Markup) { html += markup.html }
        mutating func appendInterpolation(_ markup: Markup?) { html += markup?.html ?? "" }
        mutating func appendInterpolation(_ parts: [Markup]) { for part in parts { html += part.html } }
    }
}

/// Escapes text for HTML, byte by byte, because a combining mark after `<` would hide it from a comparison of characters.
/// Control characters become U+FFFD.
private func escaped(_ text: String) -> String {
    var out: [UInt8] = []
    out.reserveCapacity(text.utf8.count + 16)
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "&"): out += "&amp;".utf8
        case UInt8(ascii: "<"): out += "&lt;".utf8
        case UInt8(ascii: ">"): out += "&gt;".utf8
        case UInt8(ascii: "\""): out += "&quot;".utf8
        case UInt8(ascii: "'"): out += "&#39;".utf8
        case 0x0D: continue
        case 0..<0x09, 0x0B..<0x20, 0x7F: out += "\u{FFFD}".utf8
        default: out.append(byte)
        }
    }
    return String(decoding: out, as: UTF8.self)
}

/// The address if its scheme is safe for a link (`http`, `https` or `mailto`); nil otherwise.
func safeLink(_ address: String) -> String? {
    let lower = address.lowercased()
    return ["http://", "https://", "mailto:"].contains { lower.hasPrefix($0) } ? address : nil
}
