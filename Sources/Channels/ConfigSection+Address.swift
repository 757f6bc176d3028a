import RelayCore
import RelaySupport
import Transport

/// An HTTP address from the configuration. The whole URL is treated as a credential; its separate parts may be shown.
struct HTTPAddress: Sendable {
    var url: Secret
    var parts: WebAddress

    /// Scheme, host and port. They may be shown, and a request to them is harmless.
    var origin: String {
        let host = parts.host.contains(":") && !parts.host.hasPrefix("[") ? "[\(parts.host)]" : parts.host
        return "\(parts.scheme)://\(host)" + (parts.port.map { ":\($0)" } ?? "")
    }
}

extension HTTPAddress {
    /// The address without query, fragment and trailing slash, to which API paths are appended. Only for addresses that hold no credential.
    var base: String {
        var text = String(url.reveal().prefix { $0 != "?" && $0 != "#" })
        while text.hasSuffix("/") { text.removeLast() }
        return text
    }
}

extension ConfigSection {
    /// The base address of an API, which is no secret: the value of `key`, or the vendor's address if the key is missing.
    func base(_ key: String, _ basics: DestinationBasics, vendor: String) -> HTTPAddress? {
        guard textNode(key) != nil else { return WebAddress(vendor).map { HTTPAddress(url: Secret(vendor), parts: $0) } }
        return address(key, basics, isSecret: false)
    }

    /// Warns if a vendor's webhook is on another host: that is probably a mistake, but it may be a proxy.
    func warnOfOtherHost(_ address: HTTPAddress, _ vendors: [String], _ expected: String, key: String = "url") {
        guard !vendors.contains(address.parts.host), !address.parts.isLoopback else { return }
        note(key, "\(path).\(key) is not on a host of the vendor", expected: expected, isWarning: true)
    }

    /// Reads an `https:` address. `http:` is allowed to loopback or with `allow_plain: true`. For any other value it notes a problem and
    /// returns nil.
    func address(_ key: String, _ basics: DestinationBasics, required: Bool = true, isSecret: Bool = true) -> HTTPAddress? {
        let expected = "an address such as https://…"
        let written = isSecret ? secret(key, required: required, expected: expected) : plain(key, required, expected).map(Secret.init)
        guard let url = written.map({ Secret($0.reveal().encodedAsBrowsersDo) }) else { return nil }
        guard let parts = WebAddress(url.reveal()), ["https", "http"].contains(parts.scheme) else {
            note(key, "\(path).\(key) is no address that can be used", expected: expected + ", without name or password in it")
            return nil
        }
        guard parts.scheme == "https" || parts.isLoopback || basics.allowPlain else {
            note(key, "\(path).\(key) would be sent in the clear", expected: "https:// (http:// with allow_plain: true)")
            return nil
        }
        guard basics.network.allowLinkLocal || !parts.isRefused else {
            note(key, "\(path).\(key) \(Self.isNotSentTo)", expected: Self.elsewhere)
            return nil
        }
        return HTTPAddress(url: url, parts: parts)
    }

    static let isNotSentTo = "is a link-local address or a cloud's metadata service, and nothing is sent there"
    static let elsewhere = "another address, or allow_link_local: true"

    private func plain(_ key: String, _ isRequired: Bool, _ expected: String) -> String? {
        isRequired ? required(key, expected) : string(key)
    }
}
