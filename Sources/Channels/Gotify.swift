import RelayCore
import RelaySupport
import Transport

/// An application on a Gotify server: push notifications with native priorities.
/// Sources: https://gotify.net/docs/pushmsg, https://gotify.net/docs/msgextras, https://gotify.net/api-docs
package enum Gotify {
    package static let type = ChannelType(
        name: "gotify",
        // No limit is documented; this is about what a person reads on a phone.
        abilities: Abilities(nativePriority: true, silent: true, limit: Limit(4_000, .codePoints)),
        dialect: .plain,
        titleLimit: Limit(250, .codePoints),
        read: read)

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        let server = section.address("server", basics, isSecret: false)
        let token = section.secret("token", required: true, expected: "the application's token, best as \"${NAME}\"")
        guard let server, let token else { return nil }
        guard token.fitsHeader else {
            section.note("token", "\(section.path).token is no token of an application", expected: "letters, digits, - . and _")
            return nil
        }
        return ChannelPlan { GotifyChannel(server: server, token: token, network: basics.network, tools: $0) }
    }

    static func payload(_ message: Message) -> JSONValue {
        if message.isPlain {
            let text = message.plainText(.plain, most: Limit(2_000, .codePoints), hasTitle: false)
            return ["title": .string(message.shownTitle), "message": .string(text)]
        }
        let label = message.label.map { $0 + "\n" } ?? ""
        let words = label + message.body + "\n" + Dialect.plain.cut(message.smallPrint, to: Limit(300, .codePoints))
        // The text is never Markdown, because every reader's device would fetch the pictures in it.
        var extras: [String: JSONValue] = ["client::display": ["contentType": "text/plain"]]
        if let link = message.mainLink() { extras["client::notification"] = ["click": ["url": .string(link.url)]] }
        return [
            "title": .string(message.title), "message": .string(words.trimmed), "priority": .int(message.event.priority.gotify),
            "extras": .object(extras),
        ]
    }

    /// Refines the common verdict. An error in Gotify's own JSON shape is final; one from a proxy may be temporary.
    static func judge(_ common: DeliveryError?, _ response: HTTPResponse, _ json: JSONValue) -> DeliveryError? {
        let status = response.status
        guard let common else {
            return response.errorInBody(json)
        }
        guard json["errorCode"]?.int == status else { return common }
        func error(_ verdict: DeliveryError.Verdict, _ reason: DeliveryError.Reason) -> DeliveryError {
            DeliveryError(verdict, reason, DeliveryError.said(status, json["error"]?.string), status: status)
        }
        switch status {
        case 401, 403: return error(.gone, .unauthorized)
        case 404: return error(.gone, .notFound)
        case 400: return error(.trimmings, .rejected)
        default: return error(common.verdict, common.reason)
        }
    }
}

extension Priority {
    /// Gotify's scale is 0 to 10: sound from 4, vibration too from 8. Source: https://github.com/gotify/android#message-priorities
    fileprivate var gotify: Int {
        switch self {
        case .low: 2
        case .normal: 5
        case .high: 8
        case .urgent: 10
        }
    }
}

struct GotifyChannel: Channel {
    let server: HTTPAddress
    let token: Secret
    let network: NetworkOptions
    let tools: ChannelTools

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        let post = JSONPost(tools: tools, network: network)
        let request = post.request(
            "POST", Secret("\(server.base)/message"), json: Gotify.payload(message), headers: [("X-Gotify-Key", token)])
        let accepted = try await post.send(request, isIdempotent: false, takes: { $1["id"]?.int != nil }) { Gotify.judge($0, $1, $2) }
        return accepted.receipt(accepted.json["id"]?.int.map { ["id": String($0)] } ?? [:])
    }

    func preview(_ message: Message) -> String { String(decoding: Gotify.payload(message).bytes, as: UTF8.self) }

    /// Asks for the version, which is public. An application token allows only sending, so it cannot be tested without a message.
    func connect() async -> [Finding] {
        let untried = Finding(ok: nil, "the token was not tried: that would deliver a message")
        let name = "Gotify at \(server.origin)"
        let request = HTTPRequest("GET", Secret("\(server.base)/version"), network: network)
        do throws(TransportError) {
            let response = try await tools.http.send(request)
            if let error = judge(response, now: tools.clock.now) { return [Finding(ok: false, "\(name) \(error.detail)"), untried] }
            return [Finding(ok: true, "\(name) answers"), untried]
        } catch {
            return [Finding(ok: false, "\(name) does not answer: \(error.description)"), untried]
        }
    }
}
