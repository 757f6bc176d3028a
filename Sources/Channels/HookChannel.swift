import RelayCore
import RelaySupport
import Transport

/// A channel with a single address: every message is posted to it, and the receipt is empty.
struct HookChannel: Channel {
    /// The whole URL is a credential. It is sent byte for byte as it is written.
    let address: HTTPAddress
    let network: NetworkOptions
    let tools: ChannelTools
    let payload: @Sendable (Message) -> JSONValue
    /// Takes the common verdict (nil means accepted), the response, its body (`.null` if it is not JSON) and the time. Returns the verdict
    /// to use.
    let sharpen: @Sendable (DeliveryError?, HTTPResponse, JSONValue, Timestamp) -> DeliveryError?
    /// Whether a good response has the service's own sign of acceptance.
    let takes: @Sendable (HTTPResponse, JSONValue) -> Bool
    /// An address that checks the credential without delivering anything; nil if there is none.
    var question: Secret?

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        let post = JSONPost(tools: tools, network: network), now = tools.clock.now
        return try await post.send(post.request("POST", address.url, json: payload(message)), isIdempotent: false, takes: takes) {
            sharpen($0, $1, $2, now)
        }.receipt()
    }

    func preview(_ message: Message) -> String { String(decoding: payload(message).bytes, as: UTF8.self) }

    func connect() async -> [Finding] {
        guard let question else { return await reach(address, over: tools.http, network: network) }
        let now = tools.clock.now
        let request = HTTPRequest("GET", question, network: network)
        return await JSONPost(tools: tools, network: network).ask(request, "the webhook at \(address.origin)", takes: takes) {
            sharpen($0, $1, $2, now)
        }
    }
}

extension HTTPAddress {
    /// The text after the first `?`, unchanged.
    private var query: Substring { url.reveal().drop { $0 != "?" }.dropFirst().prefix { $0 != "#" } }

    /// True if each of these parameters is present and has a value.
    func hasParameters(_ names: [String]) -> Bool {
        let pairs = query.split(separator: "&")
        return names.allSatisfy { name in pairs.contains { $0.hasPrefix(name + "=") && $0.utf8.count > name.utf8.count + 1 } }
    }

    /// The address with these parameters appended; the existing text stays byte for byte the same.
    func adding(_ parameters: [String]) -> Secret {
        let text = url.reveal().prefix { $0 != "#" }
        return Secret(text + (text.contains("?") ? "&" : "?") + parameters.joined(separator: "&"))
    }
}
