/// A block of addresses in CIDR notation, such as `10.0.0.0/8` or `fd00::/8` (RFC 4632, RFC 4291 §2.3). One address is a block too.
package struct AddressBlock: Sendable, Hashable {
    private let bytes: [UInt8]
    private let bits: Int

    /// Nil for a text that is no block.
    package init?(_ text: String) {
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard !text.contains("%"), let address = NetworkAddress(halves[0]) else { return nil }
        let all = address.bytes.count * 8
        guard halves.count == 2 else {
            (bytes, bits) = (address.bytes, all)
            return
        }
        guard let length = Int(halves[1]), (0...all).contains(length), !halves[1].hasPrefix("+") else { return nil }
        (bytes, bits) = (address.bytes, length)
    }

    /// False for a text that is no address. An IPv4 address may be written as a mapped IPv6 address, as a socket for both says it.
    package func contains(_ text: String) -> Bool {
        guard let address = NetworkAddress(text) else { return false }
        let other = address.bytes.count == bytes.count ? address.bytes : Self.four(in: address.bytes)
        guard let other, other.count == bytes.count else { return false }
        let whole = bits / 8, rest = bits % 8
        guard bytes[..<whole] == other[..<whole] else { return false }
        guard rest > 0 else { return true }
        let mask = UInt8.max << (8 - rest)
        return bytes[whole] & mask == other[whole] & mask
    }

    package static func isAddress(_ text: String) -> Bool { NetworkAddress(text) != nil }

    /// The IPv4 address in a mapped one (RFC 4291 §2.5.5.2).
    private static func four(in bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count == 16, bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF else { return nil }
        return Array(bytes[12...])
    }
}
