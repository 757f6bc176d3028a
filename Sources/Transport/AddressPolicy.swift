/// Says which addresses and names no connection may lead to: link-local ones and the metadata services of clouds.
enum AddressPolicy {
    /// True for link-local addresses and metadata services, and for these IPv4 addresses inside IPv6 ones.
    static func refuses(_ address: NetworkAddress) -> Bool {
        if MetadataServices.addresses.contains(address) || isLinkLocal(address.bytes) { return true }
        return address.bytes.count == 16 && inner(address.bytes).contains { refuses(NetworkAddress(four: $0)) }
    }

    /// True for a host that is such an address, or the name of a metadata service. Other names are judged by their addresses.
    static func refuses(host: String) -> Bool {
        if let address = NetworkAddress(host) { return refuses(address) }
        let name = host.hasSuffix(".") ? host.dropLast() : host[...]
        return MetadataServices.names.contains(name.lowercased())
    }

    /// 169.254.0.0/16 (RFC 3927) and fe80::/10 (RFC 4291 §2.5.6).
    private static func isLinkLocal(_ bytes: [UInt8]) -> Bool {
        bytes.count == 4 ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
    }

    /// The IPv4 addresses that an IPv6 address may stand for.
    private static func inner(_ bytes: [UInt8]) -> [[UInt8]] {
        let last = Array(bytes[12...])
        // IPv4-compatible (::/96) and mapped (::ffff:0:0/96) addresses: RFC 4291 §2.5.5.
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == bytes[11], [0, 0xFF].contains(bytes[10]) { return [last] }
        // IPv4-translated addresses (::ffff:0:0:0/96): RFC 2765 §2.1.
        if bytes[..<8].allSatisfy({ $0 == 0 }), bytes[8..<12] == [0xFF, 0xFF, 0, 0] { return [last] }
        // NAT64: the well-known prefix 64:ff9b::/96 (RFC 6052), and 64:ff9b:1::/48 for one's own prefixes of any length (RFC 8215). In an
        // address with a prefix of 48 or 56 bits, the byte 8 is left out.
        if bytes.starts(with: [0, 0x64, 0xFF, 0x9B]) {
            return [last, [bytes[6], bytes[7], bytes[9], bytes[10]], [bytes[7], bytes[9], bytes[10], bytes[11]], Array(bytes[9..<13])]
        }
        // 6to4 (2002::/16): RFC 3056 §2.
        if bytes.starts(with: [0x20, 0x02]) { return [Array(bytes[2..<6])] }
        // Teredo (2001::/32), where the client's address is inverted: RFC 4380 §4.
        if bytes.starts(with: [0x20, 0x01, 0, 0]) { return [last.map { ~$0 }] }
        return []
    }
}
