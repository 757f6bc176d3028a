import Glibc
import RelaySupport
import Transport

/// The hosts that pages answer to. A page that answers to any name can be read by another site whose name leads here (DNS rebinding).
struct HostGuard: Sendable {
    private let names: Set<String>

    /// - Parameter names: `server.hosts`, and for the public side the host of `public_url`. Addresses, `localhost` and the machine's name
    ///   always fit.
    init(_ names: [String], machine: String = HostGuard.machine) {
        self.names = Set((names + ["localhost", machine]).map { $0.lowercased() })
    }

    static let refusal = "this relay does not answer to that name; server.hosts names the others"

    /// Whether a `Host` header names this relay. HTTP/1.0 has none.
    func allows(_ host: String?) -> Bool {
        guard let host, !host.isEmpty else { return true }
        guard let name = Self.name(host) else { return false }
        return names.contains(name) || (AddressBlock.isAddress(name) && !name.contains("%"))
    }

    /// Whether a text can be the name of a host (RFC 1123 §2.1).
    static func isName(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count) && !text.hasPrefix("-") && !text.hasPrefix(".")
            && text.utf8.allSatisfy { $0.isAlphanumeric || "-._".utf8.contains($0) }
    }

    /// A host without its port, its brackets and a final dot; nil if it is no host with a port (RFC 3986 §3.2.2).
    private static func name(_ host: String) -> String? {
        var name = Substring(host.lowercased()), port = Substring()
        if name.hasPrefix("[") {
            guard let end = name.firstIndex(of: "]") else { return nil }
            port = name[name.index(after: end)...]
            name = name[..<end].dropFirst()
            guard port.isEmpty || port.hasPrefix(":") else { return nil }
        } else if let colon = name.firstIndex(of: ":") {
            (name, port) = (name[..<colon], name[colon...])
        }
        guard port.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return String(name.hasSuffix(".") ? name.dropLast() : name)
    }

    static var machine: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
