import Transport

/// A base URL in normalised form, without any unusual parts.
struct BaseURL {
    enum Host: Equatable {
        case live, staging, mock, loopback, other

        var isStaging: Bool { self == .staging || self == .mock }

        /// The documented limit in requests per minute; nil if none is documented.
        /// Source:
        /// https://docs.revkeen.com/docs/fundamentals/rate-limits
        var limit: Int? {
            switch self {
            case .live: 1000
            case .staging: 100
            case .mock, .loopback, .other: nil
            }
        }
    }

    let text: String
    let host: Host

    init(_ written: String) throws(AccountFault) {
        let expected = "an https:// address such as https://api.revkeen.com/v2"
        guard let separator = written.range(of: "://") else {
            throw AccountFault(.baseURL, "base_url is no web address", expected: expected)
        }
        let scheme = written[..<separator.lowerBound].lowercased()
        let rest = written[separator.upperBound...]
        let authority = rest.prefix { $0 != "/" }.lowercased()
        guard let address = Self.address(scheme, authority) else {
            throw AccountFault(.baseURL, "base_url is no web address without user name, query or fragment", expected: expected)
        }
        host = Host(address)
        guard scheme == "https" || host == .loopback else {
            throw AccountFault(.baseURL, "base_url is plain http", expected: "https; http only to a loopback host")
        }
        guard let path = Self.path(from: rest.dropFirst(authority.count)) else {
            throw AccountFault(.baseURL, "base_url has an unusual path", expected: expected)
        }
        text = "\(scheme)://\(authority)\(path)"
    }

    /// The address of a host and perhaps a port, without a trailing dot of the host's name; nil for any other form.
    private static func address(_ scheme: String, _ authority: String) -> WebAddress? {
        let isPlain = authority.utf8.allSatisfy { $0.isUnreserved || ":[]".utf8.contains($0) }
        guard scheme == "https" || scheme == "http", isPlain, var address = WebAddress("\(scheme)://\(authority)") else { return nil }
        if address.host.hasSuffix(".") { address.host.removeLast() }
        return address.host.isEmpty ? nil : address
    }

    /// The path with exactly one `/v2` at its end; nil for an unusual path.
    private static func path(from written: Substring) -> String? {
        var path = written
        while path.hasSuffix("/") { path = path.dropLast() }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        guard path.utf8.allSatisfy({ $0.isUnreserved || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "~") }),
            !segments.contains("."), !segments.contains("..")
        else { return nil }
        return path.hasSuffix("/v2") ? String(path) : path + "/v2"
    }
}

extension BaseURL.Host {
    /// Classifies a host by its name.
    /// Source of the names: https://docs.revkeen.com/docs/getting-started/environments (`sandbox-api` is the older staging host).
    fileprivate init(_ address: WebAddress) {
        switch address.host {
        case "api.revkeen.com": self = .live
        case "staging-api.revkeen.com", "sandbox-api.revkeen.com": self = .staging
        case "mock-api.revkeen.com": self = .mock
        default: self = address.isLoopback ? .loopback : .other
        }
    }
}

extension String {
    fileprivate func range(of mark: String) -> (lowerBound: Index, upperBound: Index)? {
        guard let start = indices.first(where: { self[$0...].hasPrefix(mark) }) else { return nil }
        return (start, index(start, offsetBy: mark.count))
    }
}

private func isAddressByte(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") || Character(Unicode.Scalar(byte)).isHexDigit
}
