import RelayCore
import RelaySupport
import Transport

/// A Google Chat space by webhook: cards, with all messages about one approval in one thread.
/// Sources: https://developers.google.com/workspace/chat/quickstart/webhooks,
/// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create
package enum GoogleChat {
    package static let type = ChannelType(
        name: "google_chat",
        abilities: Abilities(thread: true, mention: true, limit: Limit(24_000, .bytes)),
        dialect: dialect,
        titleLimit: Limit(250, .utf16),
        // This rate is for all webhooks of a space together: https://developers.google.com/workspace/chat/limits
        pace: (burst: 1, every: .seconds(1)),
        hasFields: true,
        read: read)

    /// The subset of HTML that cards support; it has no mentions.
    static let dialect = Dialect(name: "google_chat", escape: Entities.html.escape, unit: Entities.html.unit, quote: Dialect.Quote("│ "))

    private static let host = "chat.googleapis.com"
    private static let expected = "https://chat.googleapis.com/v1/spaces/…/messages?key=…&token=…"

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        guard let address = section.address("url", basics) else { return nil }
        if address.parts.host == host {
            guard address.url.reveal().contains("/v1/spaces/") else {
                section.note("url", "\(section.path).url is no webhook of a space", expected: expected)
                return nil
            }
            guard address.hasParameters(["key", "token"]) else {
                section.note("url", "\(section.path).url lacks key or token, as if it was cut at its first &", expected: expected)
                return nil
            }
        }
        section.warnOfOtherHost(address, [host], expected)
        return ChannelPlan { GoogleChatChannel(address: address, network: basics.network, tools: $0) }
    }

    /// All messages about one approval share a thread; nil for every other message, which starts a new thread.
    static func threadKey(_ message: Message) -> String? {
        message.isOfApproval && !message.subjectKey.isEmpty ? message.subjectKey : nil
    }

    /// Refines the common verdict by the status word of Google's APIs.
    /// Source: https://cloud.google.com/apis/design/errors
    static func judge(_ common: DeliveryError?, _ response: HTTPResponse, _ json: JSONValue) -> DeliveryError? {
        let status = response.status, details = json["error"]?["details"]?.array ?? []
        let word = json["error"]?["status"]?.string.flatMap { words.contains($0) ? $0 : nil }
        func error(_ verdict: DeliveryError.Verdict, _ reason: DeliveryError.Reason) -> DeliveryError {
            DeliveryError(verdict, reason, DeliveryError.said(status, word), status: status)
        }
        guard common != nil else {
            return response.errorInBody(json)
        }
        switch (status, word) {
        case (400, _) where details.contains { $0["reason"]?.string == "API_KEY_INVALID" }: return error(.gone, .unauthorized)
        // The card is the only part of the message that can be invalid.
        case (400, "INVALID_ARGUMENT"): return error(.trimmings, .rejected)
        case (401, _?), (403, _?): return error(.gone, .unauthorized)
        // A reply to a missing thread starts a new one, so 404 means that the space or the webhook is missing.
        case (404, _?): return error(.gone, .notFound)
        default: return common
        }
    }

    private static let words: Set<String> = [
        "INVALID_ARGUMENT", "FAILED_PRECONDITION", "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "RESOURCE_EXHAUSTED",
        "INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED",
    ]
}

struct GoogleChatChannel: Channel {
    let address: HTTPAddress
    let network: NetworkOptions
    let tools: ChannelTools

    /// Later messages about an approval join its thread by `threadKey`, so `update` needs no receipt.
    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        // `requestId` is documented for this call, but not for webhook credentials. It is sent, but nothing relies on it.
        var parameters = ["requestId=\(message.idempotencyKey.percentEncoded)"]
        // Without this parameter Google Chat ignores the thread.
        if GoogleChat.threadKey(message) != nil, !message.isPlain {
            parameters.append("messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD")
        }
        let post = JSONPost(tools: tools, network: network)
        let request = post.request("POST", address.adding(parameters), json: GoogleChat.payload(message))
        let accepted = try await post.send(
            request, isIdempotent: false, takes: { $1["name"]?.string != nil }, sharpen: GoogleChat.judge)
        let json = accepted.json
        var remote: [String: String] = [:]
        remote["name"] = json["name"]?.string
        remote["thread"] = json["thread"]?["name"]?.string
        return accepted.receipt(remote)
    }

    func preview(_ message: Message) -> String { String(decoding: GoogleChat.payload(message).bytes, as: UTF8.self) }

    func connect() async -> [Finding] { await reach(address, over: tools.http, network: network) }
}
