import CCurl
import Glibc
import RelaySupport

/// A proxy as libcurl reads it: `scheme://host:port`, where the scheme may be missing.
/// Source: https://curl.se/libcurl/c/CURLOPT_PROXY.html
package struct ProxyAddress: Sendable, Equatable {
    package static let expected = "scheme://host:port with http, https, socks4, socks4a, socks5 or socks5h"
    private static let schemes: Set<String> = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"]

    /// The host in lower case; an IPv6 address without its brackets.
    package var host: String
    /// The port that libcurl takes, also if the text names none.
    package var port: Int
    /// Host and port, without user and password.
    package var shown: String

    /// Nil for a text that libcurl would not use as a proxy.
    package init?(_ text: String) {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        let scheme = parts.count == 2 ? parts[0].lowercased() : "http"
        guard Self.schemes.contains(scheme), !text.holdsControl, !text.utf8.contains(0x20) else { return nil }
        var rest = String(parts[parts.count - 1].prefix { !"/?#".contains($0) })
        if let at = rest.lastIndex(of: "@") { rest = String(rest[rest.index(after: at)...]) }
        guard let address = WebAddress("http://\(rest)"), !address.host.isEmpty else { return nil }
        host = address.host
        port = address.port ?? (scheme == "https" ? 443 : 1_080)
        shown = address.host + (address.port.map { ":\($0)" } ?? "")
    }
}

extension NetworkOptions {
    /// The proxy that a connection with this scheme takes; nil if it takes none or that is not known. `no_proxy` may still except the host.
    func proxyAddress(scheme: String, isLoopback: Bool) -> ProxyAddress? {
        if let proxy { return ProxyAddress(proxy.reveal()) }
        guard !isLoopback else { return nil }
        let names = ["\(scheme)_proxy", scheme == "http" ? "" : "\(scheme.uppercased())_PROXY", "all_proxy", "ALL_PROXY"]
        let value = names.lazy.filter { !$0.isEmpty }.compactMap { getenv($0).map { String(cString: $0) } }.first { !$0.isEmpty }
        return value.flatMap { ProxyAddress($0) }
    }
}
