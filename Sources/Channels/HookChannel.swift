import RelayCore
import Transport

/// A channel that is one address: every message is posted there, and nothing is known of it afterwards.
struct HookChannel: Channel {
    /// A credential as a whole: sent byte for byte as it is written.
    let address: HTTPAddress
    let network: NetworkOptions
    let tools: ChannelTools
    let payload: @Sendable (Message) -> JSONValue
    /// Gets the common judgement (nil: accepted), the answer, its body if that is JSON, and the time. Returns the one that counts.
    let sharpen: @Sendable (DeliveryError?, HTTPResponse, JSONValue, Timestamp) -> DeliveryError?
    /// An address that can be asked without harm and knows the credential; nil where there is none.
    var question: Secret?

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        let post = JSONPost(tools: tools, network: network), now = tools.clock.now
        _ = try await post.send(post.request("POST", address.url, json: payload(message)), isIdempotent: false) {
            sharpen($0, $1, $2, now)
        }
        return Receipt()
    }

    func preview(_ message: Message) -> String { String(decoding: payload(message).bytes, as: UTF8.self) }

    func connect() async -> [Finding] {
        guard let question else { return await reach(address, over: tools.http, network: network) }
        let now = tools.clock.now
        let request = HTTPRequest("GET", question, network: network)
        return await JSONPost(tools: tools, network: network).ask(request, "the webhook at \(address.origin)") { sharpen($0, $1, $2, now) }
    }
}

extension HTTPAddress {
    /// What stands behind the first `?`, as it is written.
    private var query: Substring { url.reveal().drop { $0 != "?" }.dropFirst().prefix { $0 != "#" } }

    /// Whether all of these are parameters with a value.
    func hasParameters(_ names: [String]) -> Bool {
        let pairs = query.split(separator: "&")
        return names.allSatisfy { name in pairs.contains { $0.hasPrefix(name + "=") && $0.utf8.count > name.utf8.count + 1 } }
    }

    /// The address with one more parameter; what is there stays byte for byte.
    func adding(_ parameters: [String]) -> Secret {
        let text = url.reveal().prefix { $0 != "#" }
        return Secret(text + (text.contains("?") ? "&" : "?") + parameters.joined(separator: "&"))
    }
}
