import Foundation
import RelaySupport

/// One text part: quoted-printable if it is mostly ASCII, else base64. Both keep lines short and need no 8BITMIME.
struct MIMEPart {
    let headers: [String]
    let encoded: [UInt8]

    init(type: String, text: String) {
        let bytes = Self.withLineFeeds(text)
        let other = bytes.count { $0 > 126 }
        let isDense = other * 3 > bytes.count
        encoded = isDense ? Self.base64(bytes) : Self.quotedPrintable(bytes)
        headers = ["Content-Type: \(type); charset=utf-8", "Content-Transfer-Encoding: \(isDense ? "base64" : "quoted-printable")"]
    }

    /// The text with lines that end with LF; CRLF, CR and LF all end a line.
    private static func withLineFeeds(_ text: String) -> [UInt8] { Array(text.withUnixLineEnds.utf8) }

    /// Encodes lines by RFC 2045 §6.7: at most 76 characters per line, soft breaks with `=`, trailing white space encoded.
    private static func quotedPrintable(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count + bytes.count / 8 + 16)
        var width = 0
        for (index, byte) in bytes.enumerated() {
            if byte == 10 {
                out += [13, 10]
                width = 0
                continue
            }
            let isLast = index + 1 == bytes.count || bytes[index + 1] == 10
            let isPlain = ((33...126).contains(byte) && byte != 61) || ((byte == 32 || byte == 9) && !isLast)
            if width + (isPlain ? 1 : 3) > 75 {
                out += [61, 13, 10]
                width = 0
            }
            // A dot or "From " at the start of a line stays as it is: SMTP doubles such a dot, and only mbox storage alters such a "From ".
            if isPlain { out.append(byte) } else { out += [61, hexDigit(of: byte >> 4), hexDigit(of: byte & 15)] }
            width += isPlain ? 1 : 3
        }
        return out
    }

    private static func hexDigit(of value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }

    private static func base64(_ bytes: [UInt8]) -> [UInt8] {
        var lines: [UInt8] = []
        lines.reserveCapacity(bytes.count + 64)
        for byte in bytes { if byte == 10 { lines += [13, 10] } else { lines.append(byte) } }
        let options: Data.Base64EncodingOptions = [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed]
        return Array(Data(lines).base64EncodedData(options: options))
    }
}
