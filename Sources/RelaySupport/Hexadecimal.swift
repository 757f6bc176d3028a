/// Writes each byte as two lower-case hexadecimal digits.
@inlinable
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String { hexadecimal(Array(bytes)) }

@usableFromInline
package func hexadecimal(_ bytes: [UInt8]) -> String {
    let digit: (UInt8) -> UInt8 = { $0 < 10 ? 48 + $0 : 87 + $0 }
    return String(unsafeUninitializedCapacity: 2 * bytes.count) { out in
        for (index, byte) in bytes.enumerated() {
            out[2 * index] = digit(byte >> 4)
            out[2 * index + 1] = digit(byte & 15)
        }
        return 2 * bytes.count
    }
}

/// The value of an ASCII hexadecimal digit; nil for any other byte.
package func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
}

/// Reads pairs of hexadecimal digits as bytes; nil for any other text.
package func bytes(hexadecimal text: some StringProtocol) -> [UInt8]? {
    let digits = text.utf8.map(hexDigit)
    guard digits.count % 2 == 0 else { return nil }
    var out: [UInt8] = []
    for at in stride(from: 0, to: digits.count, by: 2) {
        guard let high = digits[at], let low = digits[at + 1] else { return nil }
        out.append(high << 4 | low)
    }
    return out
}
