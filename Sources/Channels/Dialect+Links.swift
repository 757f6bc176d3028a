import RelayCore

/// Addresses that the relay itself has made, as words that can be pressed. What comes from outside is escaped and makes no link.
extension Dialect {
    /// For services that make a link of an address as it stands. What could end it or mark words within it is percent-encoded.
    @Sendable static func bareLink(_ url: String) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(url.utf8.count)
        for byte in url.utf8 {
            if (0x21...0x7E).contains(byte), !unsafeInLinks.contains(byte) {
                out.append(byte)
            } else {
                out += "%".utf8
                out += hexadecimal([byte]).uppercased().utf8
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static let unsafeInLinks = Set("<>()[]|\\\"`*'".utf8)
}
