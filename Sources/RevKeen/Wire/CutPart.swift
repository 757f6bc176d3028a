import Crypto
import RelaySupport

/// A member of an answer that exceeds a bound: it is hashed as a whole, and only its beginning is shown.
package struct CutPart: Sendable, Equatable {
    /// The most bytes of the beginning.
    static let shown = 16_384

    package var bytes: Int
    /// The hex SHA-256 of the JSON text without the white space between its tokens.
    package var hash: String
    var beginning: String

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = range.count
        hash = Self.hash(bytes, range)
        beginning = Self.beginning(bytes, range)
    }

    private static func hash(_ bytes: [UInt8], _ range: Range<Int>) -> String {
        var hash = SHA256()
        var isInString = false
        var start = range.lowerBound, at = start
        func take(until end: Int) { if end > start { bytes[start..<end].withUnsafeBytes { hash.update(bufferPointer: $0) } } }
        while at < range.upperBound {
            switch bytes[at] {
            case UInt8(ascii: "\""): isInString.toggle()
            case UInt8(ascii: "\\") where isInString: at += 1
            case 0x20, 0x0A, 0x0D, 0x09:
                if isInString { break }
                take(until: at)
                start = at + 1
            default: break
            }
            at += 1
        }
        take(until: range.upperBound)
        return hexadecimal(hash.finalize())
    }

    /// The beginning as text. A string is shown without its escapes, anything else as it is written.
    private static func beginning(_ bytes: [UInt8], _ range: Range<Int>) -> String {
        var part = Array(bytes[range.prefix(shown)])
        guard part.first == UInt8(ascii: "\"") else { return String(decoding: part, as: UTF8.self) + " …" }
        // An escape has at most 12 bytes, so without a backslash in the last ones none is cut in two.
        if let escape = part.suffix(12).firstIndex(of: UInt8(ascii: "\\")), part.count == shown { part.removeSubrange(escape...) }
        let text = (try? JSONValue(parsing: part + [UInt8(ascii: "\"")]))?.string
        return (text ?? "") + " …"
    }
}
