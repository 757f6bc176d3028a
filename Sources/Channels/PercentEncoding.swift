extension String {
    /// All but the unreserved characters of RFC 3986 §2.3 as `%XX`: fit for a segment of a path and for a form.
    var percentEncoded: String {
        var out: [UInt8] = []
        out.reserveCapacity(utf8.count + 16)
        for byte in utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                out.append(byte)
            default:
                out += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

private let hexadecimal = Array("0123456789ABCDEF".utf8)
