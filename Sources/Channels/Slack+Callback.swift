import Crypto
package import RelayCore
import Transport

/// What Slack posts when a button is pressed.
/// Sources: https://docs.slack.dev/authentication/verifying-requests-from-slack,
/// https://docs.slack.dev/interactivity/handling-user-interaction
package struct SlackCallback: Sendable {
    /// A post that says another time is not of now: somebody kept it.
    package static let window: Int64 = 300

    let secret: Secret
    /// Where an answer may go beside Slack's own hosts: that of the destination itself.
    let origin: String
    let network: NetworkOptions

    /// Whether Slack wrote this, and now: HMAC-SHA256 over the bytes as they came.
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

    /// Nil for a press that decides nothing, such as of a button that opens a page: it wants an acknowledgement all the same.
    package static func press(_ body: [UInt8]) throws(CallbackError) -> Press? {
        let fields = formFields(String(decoding: body, as: UTF8.self))
        guard let text = fields.first(where: { $0.name == "payload" })?.value, let payload = try? JSONValue(parsing: Array(text.utf8)),
            let user = payload["user"]?["id"]?.string
        else { throw CallbackError(reason: .malformed) }
        guard payload["type"]?.string == "block_actions",
            let action = payload["actions"]?.array?.first(where: { $0["action_id"]?.string.map(isDecision) ?? false }),
            let token = action["value"]?.string
        else { return nil }
        return Press(
            token: token, userID: user, userName: payload["user"]?["username"]?.string ?? payload["user"]?["name"]?.string,
            answerTo: payload["response_url"]?.string.map(Secret.init))
    }

    private static func isDecision(_ action: String) -> Bool { action == "approve" || action == "reject" }

    /// Says something to whoever pressed, and to nobody else. Only Slack, or where the destination is, is ever asked to.
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
