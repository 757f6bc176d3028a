import CCurl

/// An address parsed by libcurl, the same parser that connects, because two parsers may disagree about the host.
package struct WebAddress: Sendable, Equatable {
    /// `http`, `https`, `smtp` or `smtps`.
    package var scheme: String
    /// The host in lower case; an IPv6 address without its brackets.
    package var host: String
    /// Nil if the URL names no port.
    package var port: Int?

    /// Nil for a URL with user info, control characters, spaces, or another scheme.
    package init?(_ url: String) {
        guard !url.utf8.contains(where: { $0 <= 32 || $0 == 127 }), let parser = curl_url() else { return nil }
        defer { curl_url_cleanup(parser) }
        let flags = UInt32(CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME)
        guard curl_url_set(parser, CURLUPART_URL, url, flags) == CURLUE_OK, let scheme = Self.part(CURLUPART_SCHEME, parser),
            ["http", "https", "smtp", "smtps"].contains(scheme), let host = Self.part(CURLUPART_HOST, parser), !host.isEmpty
        else { return nil }
        self.scheme = scheme
        self.host = (host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host).lowercased()
        port = Self.part(CURLUPART_PORT, parser).flatMap { Int($0) }
    }

    init(scheme: String, host: String) {
        self.scheme = scheme
        self.host = host.lowercased()
        port = nil
    }

    /// True for `localhost`, 127.0.0.0/8 and ::1: nothing leaves this machine.
    package var isLoopback: Bool {
        if host == "127.0.0.1" || host == "localhost" || host.hasSuffix(".localhost") || host == "::1" { return true }
        guard host.hasPrefix("127.") else { return false }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    /// The host itself is an address or a name that nothing is sent to unless `allow_link_local` is set. A name is judged again by where it
    /// leads, when it is used.
    package var isRefused: Bool { AddressPolicy.refuses(host: host) }

    private static func part(_ part: CURLUPart, _ parser: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(parser, part, &text, 0) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text).lowercased()
    }
}
