import RelayCore
import RelaySupport

/// Clickable links for addresses that the relay itself has built. Text from outside is escaped and never becomes a link.
extension Dialect {
    /// For services that turn a bare address into a link. Characters that could end the address or start formatting in it are
    /// percent-encoded.
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
