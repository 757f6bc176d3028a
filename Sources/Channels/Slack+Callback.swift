import Crypto
package import RelayCore
import RelaySupport
import Transport

/// Verifies and reads what Slack posts when somebody presses a button.
/// Sources: https://docs.slack.dev/authentication/verifying-requests-from-slack,
/// https://docs.slack.dev/interactivity/handling-user-interaction
package struct SlackCallback: Sendable {
    /// The largest allowed difference between a post's timestamp and now, in seconds. A larger one may be a replay.
    package static let window: Int64 = 300

    let secret: Secret
    /// The destination's own origin: besides Slack's hosts, the only place where a reply may be sent.
    let origin: String
    /// The channel of a bot; an incoming webhook does not say its own.
    let channel: String?
    let network: NetworkOptions
    /// The bot that can open a form; nil for an incoming webhook.
    var bot: Slack.BotKeys?

    /// Checks that Slack wrote this post, and recently: HMAC-SHA256 over the unchanged bytes of the body.
    package func verify(timestamp: String?, signature: String?, body: [UInt8], now: Timestamp) throws(CallbackError) {
        guard let timestamp, let seconds = Int64(timestamp), let signature, signature.hasPrefix("v0="),
            let given = bytes(hexadecimal: signature.dropFirst(3))
        else { throw CallbackError(reason: .badSignature) }
        var mac = HMAC<SHA256>(key: SymmetricKey(data: Array(secret.reveal().utf8)))
        mac.update(data: Array("v0:\(timestamp):".utf8))
        mac.update(data: body)
        guard isSame(given, Array(mac.finalize())) else { throw CallbackError(reason: .badSignature) }
        guard (now.seconds - Self.window...now.seconds + Self.window).contains(seconds) else { throw CallbackError(reason: .stale) }
    }

    /// A channel by its id and by its name, with and without `#`.
    private static func chats(_ channel: JSONValue?) -> [String] {
        let name = channel?["name"]?.string
        return [channel?["id"]?.string, name, name.map { "#" + $0 }].compactMap(\.self)
    }

    /// Reads a press. Nil for one that decides nothing, such as a button that opens a page; it must be acknowledged all the same.
    package static func press(_ body: [UInt8]) throws(CallbackError) -> Press? {
        let fields = formFields(String(decoding: body, as: UTF8.self))
        guard let text = fields.first(where: { $0.name == "payload" })?.value, let payload = try? JSONValue(parsing: Array(text.utf8)),
            let user = payload["user"]?["id"]?.string
        else { throw CallbackError(reason: .malformed) }
        if let press = reason(payload, user: user) { return press }
        guard payload["type"]?.string == "block_actions",
            let action = payload["actions"]?.array?.first(where: { $0["action_id"]?.string.map(isDecision) ?? false }),
            let token = action["value"]?.string
        else { return nil }
        var press = Press(
            chats: chats(payload["channel"]), token: token, userID: user,
            userName: payload["user"]?["username"]?.string ?? payload["user"]?["name"]?.string,
            answerTo: payload["response_url"]?.string.map(Secret.init))
        press.trigger = payload["trigger_id"]?.string
        return press
    }

    private static func isDecision(_ action: String) -> Bool { action == "approve" || action == "reject" }

    /// Sends a reply that only the person who pressed sees. The reply goes only to Slack's hosts or to the destination's own origin.
    package func answer(_ press: Press, _ text: String, tools: ChannelTools) async {
        guard let url = press.answerTo, let address = WebAddress(url.reveal()), isWhereSlackIs(address, url.reveal()) else { return }
        let payload: JSONValue = [
            "response_type": "ephemeral", "replace_original": false, "text": .string(Slack.dialect.escape(text)),
        ]
        let post = JSONPost(tools: tools, network: network)
        _ = try? await tools.http.send(post.request("POST", url, json: payload))
    }

    private func isWhereSlackIs(_ address: WebAddress, _ url: String) -> Bool {
        let isSlack = address.scheme == "https" && ["hooks.slack.com", "hooks.slack-gov.com"].contains(address.host)
        return isSlack || url.hasPrefix(origin + "/")
    }
}
