extension String {
    /// The text with all characters except the unreserved ones of RFC 3986 §2.3 written as `%XX`.
    /// The result is safe in a path segment, a query and a form.
    package var percentEncoded: String {
        var out: [UInt8] = []
        out.reserveCapacity(utf8.count + 16)
        for byte in utf8 {
            if byte.isAlphanumeric || "-._~".utf8.contains(byte) {
                out.append(byte)
            } else {
                out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

/// Upper-case hexadecimal digits, as RFC 3986 §2.1 asks for.
private let digits = Array("0123456789ABCDEF".utf8)

/// Decodes percent-encoded text (RFC 3986 §2.1).
/// A `%` that two hexadecimal digits do not follow stays as it is. Bad UTF-8 becomes U+FFFD.
package func percentDecoded(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String {
    let bytes = Array(text.utf8)
    var out: [UInt8] = []
    var at = 0
    while at < bytes.count {
        if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count, let high = hexDigit(bytes[at + 1]), let low = hexDigit(bytes[at + 2]) {
            out.append(high << 4 | low)
            at += 3
            continue
        }
        out.append(plusIsSpace && bytes[at] == UInt8(ascii: "+") ? UInt8(ascii: " ") : bytes[at])
        at += 1
    }
    return String(decoding: out, as: UTF8.self)
}

/// The fields of a query or of an `application/x-www-form-urlencoded` body, in order.
package func formFields(_ text: some StringProtocol) -> [(name: String, value: String)] {
    text.split(separator: "&").map { pair in
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (percentDecoded(parts[0], plusIsSpace: true), parts.count > 1 ? percentDecoded(parts[1], plusIsSpace: true) : "")
    }
}
