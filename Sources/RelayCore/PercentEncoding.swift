extension String {
    /// All but the unreserved characters of RFC 3986 §2.3 as `%XX`: fit for a segment of a path, for a query and for a form.
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

/// Upper case, as RFC 3986 §2.1 asks for.
private let digits = Array("0123456789ABCDEF".utf8)
