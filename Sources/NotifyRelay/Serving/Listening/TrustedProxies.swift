import HTTPTypes
import RelaySupport
import Transport

/// The proxies whose `X-Forwarded-For` and `X-Forwarded-Host` are believed: `server.trusted`.
struct TrustedProxies: Sendable {
    var blocks: [AddressBlock] = []

    func contains(_ peer: String?) -> Bool {
        guard let peer, !blocks.isEmpty else { return false }
        return blocks.contains { $0.contains(peer) }
    }

    /// The address that a request comes from: the peer, or, behind trusted proxies, the last one in `X-Forwarded-For` that is no such proxy.
    /// What stands before it is written by whoever asks, so it says nothing. Nil if it is not known.
    func client(of peer: String?, forwarded: [String]) -> String? {
        guard contains(peer) else { return peer }
        let named = forwarded.joined(separator: ",").split(separator: ",").map { Self.address(String($0).trimmed) }
        for name in named.reversed() {
            // A word that is no address ends the chain: the proxy behind it is the last that is known.
            guard let name else { return peer }
            if !contains(name) { return name }
        }
        return named.first.flatMap(\.self) ?? peer
    }

    func client(behind peer: String?, _ headers: HTTPFields) -> String? {
        guard let name = HTTPField.Name("X-Forwarded-For") else { return nil }
        return client(of: peer, forwarded: headers[values: name])
    }

    /// The host that a request asks for; nil if it says none.
    func host(of head: HTTPTypes.HTTPRequest, from peer: String?) -> String? {
        guard contains(peer), let name = HTTPField.Name("X-Forwarded-Host"), let said = head.headerFields[name] else {
            return head.authority
        }
        return said.split(separator: ",").first.map { String($0).trimmed }
    }

    /// An address without brackets and port; nil if the text is none.
    private static func address(_ text: String) -> String? {
        var text = text
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            text = String(text[text.index(after: text.startIndex)..<end])
        } else if text.contains("."), text.count(where: { $0 == ":" }) == 1 {
            text = String(text.prefix { $0 != ":" })
        }
        return AddressBlock.isAddress(text) ? text : nil
    }
}
