import CCurl
import Glibc
import RelaySupport

/// An IPv4 or IPv6 address, as the bytes that go over the wire.
struct NetworkAddress: Hashable, Sendable {
    /// Four or sixteen bytes.
    let bytes: [UInt8]

    init(four bytes: [UInt8]) { self.bytes = bytes }

    /// Nil for an address of another family.
    init?(_ address: UnsafePointer<sockaddr>) {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            let four = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self).sin_addr
            bytes = withUnsafeBytes(of: four) { Array($0) }
        case AF_INET6:
            let six = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr
            bytes = withUnsafeBytes(of: six) { Array($0) }
        default: return nil
        }
    }

    /// Nil for a text that is no address, such as a name. An IPv6 address may have a zone.
    init?(_ text: some StringProtocol) {
        var four = in_addr(), six = in6_addr()
        if inet_pton(AF_INET, String(text), &four) == 1 {
            bytes = withUnsafeBytes(of: four) { Array($0) }
        } else if inet_pton(AF_INET6, String(text.prefix { $0 != "%" }), &six) == 1 {
            bytes = withUnsafeBytes(of: six) { Array($0) }
        } else {
            return nil
        }
    }

    /// The port of an address of the system; nil for an address of another family.
    static func port(of address: UnsafePointer<sockaddr>) -> Int? {
        switch Int32(address.pointee.sa_family) {
        case AF_INET: Int(UInt16(bigEndian: UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self).sin_port))
        case AF_INET6: Int(UInt16(bigEndian: UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_port))
        default: nil
        }
    }

    /// The addresses that a name has on this machine; empty if it has none. It blocks while it asks.
    static func all(of name: String) -> [NetworkAddress] {
        BlockingCall.begins()
        var hints = addrinfo(), first: UnsafeMutablePointer<addrinfo>?
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        guard getaddrinfo(name, nil, &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        return sequence(first: first, next: { $0?.pointee.ai_next }).compactMap { entry in
            entry?.pointee.ai_addr.flatMap { NetworkAddress(UnsafePointer($0)) }
        }
    }
}
