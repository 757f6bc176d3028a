import RelaySupport

/// The addresses of the origins that were asked lately, because libcurl's parser costs as much as a small request.
///
/// What stands behind scheme, host and port does not change how they are read.
final class KnownOrigins: Sendable {
    private static let most = 256
    private let known = Locked<[String: WebAddress]>([:])

    /// The address of a URL; nil if it cannot be used.
    func address(_ url: String) -> WebAddress? {
        guard let origin = Self.origin(url) else { return WebAddress(url) }
        if let address = known.withLock({ $0[origin] }) { return address }
        guard let address = WebAddress(url) else { return nil }
        known.withLock { known in
            if known.count >= Self.most { known = [:] }
            known[origin] = address
        }
        return address
    }

    /// The URL up to its path. Nil if it has to be read whole: it has another scheme, a user, or characters that no URL may have.
    private static func origin(_ url: String) -> String? {
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else { return nil }
        var url = url
        return url.withUTF8 { bytes in
            let start = bytes[4] == UInt8(ascii: "s") ? 8 : 7
            var end: Int?
            for place in start..<bytes.count {
                let byte = bytes[place]
                if byte <= 32 || byte == 127 { return nil }
                if end == nil, byte == UInt8(ascii: "/") { end = place }
                if end == nil, byte == UInt8(ascii: "@") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") { return nil }
            }
            return end.map { String(decoding: bytes[..<$0], as: UTF8.self) }
        }
    }
}
