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

extension ConfigSection {
    /// Reads an `https:` address, or `http:` to loopback or with `allow_plain: true`. Nil, with a problem noted, for any other.
    func address(_ key: String, _ basics: DestinationBasics, required: Bool = true, isSecret: Bool = true) -> HTTPAddress? {
        let expected = "an address such as https://…"
        let written = isSecret ? secret(key, required: required, expected: expected) : string(key).map(Secret.init)
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
}
