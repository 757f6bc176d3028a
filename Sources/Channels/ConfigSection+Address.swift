import RelayCore
import Transport

/// An HTTP address of the configuration: the whole of it is taken for a credential, its parts may be told.
struct HTTPAddress: Sendable {
    var url: Secret
    var parts: WebAddress

    /// Scheme, host and port: what may be shown, and asked without harm.
    var origin: String {
        let host = parts.host.contains(":") && !parts.host.hasPrefix("[") ? "[\(parts.host)]" : parts.host
        return "\(parts.scheme)://\(host)" + (parts.port.map { ":\($0)" } ?? "")
    }
}

extension HTTPAddress {
    /// The address without query, fragment and last slash: paths of an API go behind it. Only for addresses that are no credential.
    var base: String {
        var text = String(url.reveal().prefix { $0 != "?" && $0 != "#" })
        while text.hasSuffix("/") { text.removeLast() }
        return text
    }
}

extension ConfigSection {
    /// The base of an API that is no secret: the vendor's, unless the file names another.
    func base(_ key: String, _ basics: DestinationBasics, vendor: String) -> HTTPAddress? {
        guard node(key) != nil else { return WebAddress(vendor).map { HTTPAddress(url: Secret(vendor), parts: $0) } }
        return address(key, basics, isSecret: false)
    }

    /// A vendor's webhook on another host is probably a mistake, and perhaps a proxy.
    func warnOfOtherHost(_ address: HTTPAddress, _ vendors: [String], _ expected: String, key: String = "url") {
        guard !vendors.contains(address.parts.host), !address.parts.isLoopback else { return }
        note(key, "\(path).\(key) is not on a host of the vendor", expected: expected, isWarning: true)
    }

    /// Reads an `https:` address, or `http:` to loopback or with `allow_plain: true`. Nil, with a problem noted, for any other.
    func address(_ key: String, _ basics: DestinationBasics, required: Bool = true, isSecret: Bool = true) -> HTTPAddress? {
        let expected = "an address such as https://…"
        let written = isSecret ? secret(key, required: required, expected: expected) : plain(key, required, expected).map(Secret.init)
        guard let url = written else { return nil }
        guard let parts = WebAddress(url.reveal()), ["https", "http"].contains(parts.scheme) else {
            note(key, "\(path).\(key) is no address that can be used", expected: expected + ", without name or password in it")
            return nil
        }
        guard parts.scheme == "https" || parts.isLoopback || basics.allowPlain else {
            note(key, "\(path).\(key) would be sent in the clear", expected: "https:// (http:// with allow_plain: true)")
            return nil
        }
        return HTTPAddress(url: url, parts: parts)
    }

    private func plain(_ key: String, _ isRequired: Bool, _ expected: String) -> String? {
        isRequired ? required(key, expected) : string(key)
    }
}
