import Glibc

extension String {
    /// Whether the UTF-8 of the text has a byte.
    package func holdsByte(_ byte: UInt8) -> Bool {
        utf8.withContiguousStorageIfAvailable { bytes in
            bytes.baseAddress.map { memchr($0, Int32(byte), bytes.count) != nil } ?? false
        } ?? utf8.contains(byte)
    }

    /// The text with each CRLF and each lone CR replaced by LF.
    /// In Swift CRLF is one `Character`, so a search for a line feed does not find it.
    package var withUnixLineEnds: String {
        guard holdsByte(0x0D) else { return self }
        var out: [UInt8] = []
        out.reserveCapacity(utf8.count)
        var previous: UInt8 = 0
        for byte in utf8 {
            if byte == 0x0D {
                out.append(0x0A)
            } else if byte != 0x0A || previous != 0x0D {
                out.append(byte)
            }
            previous = byte
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The text holds a line break or another control character, so it cannot be one line of a header, a path or a name.
    package var holdsControl: Bool {
        unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0.value == 0x2028 || $0.value == 0x2029 }
    }
}
