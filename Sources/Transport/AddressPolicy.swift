import Glibc

/// Addresses that a name in the configuration should never lead to: link-local ones, which include the metadata services of clouds.
enum AddressPolicy {
    /// True for 169.254.0.0/16 (RFC 3927), fe80::/10 (RFC 4291 §2.5.6) and fd00:ec2::254, and for IPv4 link-local addresses inside IPv6
    /// ones.
    static func isLinkLocal(_ address: UnsafePointer<sockaddr>) -> Bool {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            let four = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self).sin_addr
            return withUnsafeBytes(of: four) { isLinkLocal(four: Array($0)) }
        case AF_INET6:
            let six = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr
            return withUnsafeBytes(of: six) { isLinkLocal(six: Array($0)) }
        default: return false
        }
    }

    static func isLinkLocal(four bytes: [UInt8]) -> Bool { bytes[0] == 169 && bytes[1] == 254 }

    static func isLinkLocal(six bytes: [UInt8]) -> Bool {
        if bytes[0] == 0xFE, bytes[1] & 0xC0 == 0x80 { return true }
        if bytes == [0xFD, 0, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54] { return true }
        let last = Array(bytes[12...])
        // Checks the IPv4 address inside mapped (::ffff:0:0/96), compatible (::/96), NAT64 (64:ff9b::/96) and 6to4 (2002::/16) addresses.
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == bytes[11], [0, 0xFF].contains(bytes[10]) { return isLinkLocal(four: last) }
        if bytes.starts(with: [0, 0x64, 0xFF, 0x9B]) { return isLinkLocal(four: last) }
        if bytes.starts(with: [0x20, 0x02]) { return isLinkLocal(four: Array(bytes[2..<6])) }
        return false
    }
}
