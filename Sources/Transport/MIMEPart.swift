import Foundation

/// One text part: quoted-printable if it is mostly ASCII, else base64. Both keep lines short and need no 8BITMIME.
struct MIMEPart {
    let headers: [String]
    let encoded: String

    init(type: String, text: String) {
        let lines = Self.lines(text)
        let bytes = lines.reduce(0) { $0 + $1.count }
        let other = lines.reduce(0) { $0 + $1.count { $0 > 126 } }
        let isDense = other * 3 > bytes
        encoded = isDense ? Self.base64(lines) : lines.map(Self.quotedPrintable).joined(separator: "\r\n")
        headers = ["Content-Type: \(type); charset=utf-8", "Content-Transfer-Encoding: \(isDense ? "base64" : "quoted-printable")"]
    }

    /// Splits the text into lines; CRLF, CR and LF all end a line.
    private static func lines(_ text: String) -> [[UInt8]] {
        var lines: [[UInt8]] = [[]]
        var previous: UInt8 = 0
        for byte in text.utf8 {
            defer { previous = byte }
            if byte == 10 && previous == 13 { continue }
            if byte == 10 || byte == 13 { lines.append([]) } else { lines[lines.count - 1].append(byte) }
        }
        return lines
    }

    /// Encodes a line by RFC 2045 §6.7: at most 76 characters per line, soft breaks with `=`, trailing white space encoded.
    private static func quotedPrintable(_ line: [UInt8]) -> String {
        var out = ""
        var width = 0
        for (index, byte) in line.enumerated() {
            let isLast = index == line.count - 1
            let isPlain = ((33...126).contains(byte) && byte != 61) || ((byte == 32 || byte == 9) && !isLast)
            // A dot or "From " at the start of a line stays as it is: SMTP doubles such a dot, and only mbox storage alters such a "From ".
            let unit = isPlain ? String(UnicodeScalar(byte)) : hex(byte)
            if width + unit.utf8.count > 75 {
                out += "=\r\n"
                width = 0
            }
            out += unit
            width += unit.utf8.count
        }
        return out
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return byte < 16 ? "=0\(digits)" : "=\(digits)"
    }

    private static func base64(_ lines: [[UInt8]]) -> String {
        let bytes = lines.joined(separator: [13, 10])
        return Data(Array(bytes)).base64EncodedString(options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
    }
}
