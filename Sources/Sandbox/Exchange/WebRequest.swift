/// One HTTP request as it arrived, apart from any server, so that a test can ask without a socket.
package struct WebRequest: Sendable {
    package var method: String
    /// The path's segments, percent-decoded; `/a//b/` is `["a", "b"]`.
    package var segments: [String]
    package var query: [(name: String, value: String)]
    /// Names in lower case.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    /// - Parameter target: the path, and the query behind `?`.
    package init(_ method: String, _ target: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.method = method
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        segments = (halves.first ?? "").split(separator: "/").map { percentDecoded($0) }
        query = (halves.count > 1 ? halves[1] : "").split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (percentDecoded(parts[0], plusIsSpace: true), parts.count > 1 ? percentDecoded(parts[1], plusIsSpace: true) : "")
        }
        self.headers = headers.map { ($0.name.lowercased(), $0.value) }
        self.body = body
    }

    package var path: String { "/" + segments.joined(separator: "/") }

    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    package func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

/// What is sent back.
package struct WebAnswer: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Nothing is sent: the connection ends instead.
    package var dropsConnection = false

    package init(_ status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package init(_ status: Int, type: String, _ text: String) {
        self.init(status, headers: [("Content-Type", type)], body: Array(text.utf8))
    }

    package func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
}

/// RFC 3986 §2.1. A `%` that no two digits follow stays as it is; bad UTF-8 becomes U+FFFD.
private func percentDecoded(_ text: Substring, plusIsSpace: Bool = false) -> String {
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

/// The value of an ASCII hexadecimal digit; nil for any other byte.
func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
}
