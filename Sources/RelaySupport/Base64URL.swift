/// Encodes bytes as Base64 with the URL-safe alphabet, without padding (RFC 4648 §5).
package func base64URL(_ bytes: some Collection<UInt8>) -> String {
    var out: [UInt8] = []
    out.reserveCapacity((bytes.count * 4 + 2) / 3)
    var buffer: UInt32 = 0, bits = 0
    for byte in bytes {
        buffer = buffer << 8 | UInt32(byte)
        bits += 8
        while bits >= 6 {
            bits -= 6
            out.append(alphabet[Int(buffer >> bits & 63)])
        }
    }
    if bits > 0 { out.append(alphabet[Int(buffer << (6 - bits) & 63)]) }
    return String(decoding: out, as: UTF8.self)
}

/// Decodes Base64URL text; nil for any text that `base64URL` does not write.
/// That is a character outside the alphabet, or leftover bits that are not zero. So no two texts decode to the same bytes.
package func bytes(base64URL text: some StringProtocol) -> [UInt8]? {
    var out: [UInt8] = []
    var buffer: UInt32 = 0, bits = 0
    for letter in text.utf8 {
        guard let value = alphabet.firstIndex(of: letter) else { return nil }
        buffer = buffer << 6 | UInt32(value)
        bits += 6
        if bits >= 8 {
            bits -= 8
            out.append(UInt8(buffer >> bits & 255))
        }
    }
    return bits < 6 && buffer & (1 << bits - 1) == 0 ? out : nil
}

private let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

/// Compares two secrets in a time that does not depend on where they differ.
package func isSame(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    var difference: UInt8 = 0
    for (left, right) in zip(a, b) { difference |= left ^ right }
    return difference == 0
}
