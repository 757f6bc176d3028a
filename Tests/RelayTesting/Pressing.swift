import Crypto
import Foundation
package import RelayCore
package import RelaySupport
package import Sandbox

extension InboxMessage {
    /// The token of the button that approves or rejects; nil if the message has no such button.
    ///
    /// - Parameter choice: `approve` or `reject`.
    package func button(_ choice: String) -> String? {
        guard let json else { return nil }
        switch kind {
        case .slack, .slackBot:
            return Self.first(json["blocks"], "elements") { $0["action_id"]?.string == choice ? $0["value"]?.string : nil }
        case .discord:
            return Self.first(json["components"], "components") {
                $0["label"]?.string?.lowercased() == choice ? $0["custom_id"]?.string : nil
            }
        case .mattermost:
            return Self.first(json["attachments"], "actions") { action in
                action["id"]?.string == choice ? action["integration"]?["context"]?["token"]?.string : nil
            }
        case .telegram:
            let rows = json["reply_markup"]?["inline_keyboard"]?.array ?? []
            return rows.flatMap { $0.array ?? [] }.lazy.compactMap {
                $0["text"]?.string?.lowercased() == choice ? $0["callback_data"]?.string : nil
            }.first
        default: return nil
        }
    }

    private static func first(_ outer: JSONValue?, _ inner: String, _ find: (JSONValue) -> String?) -> String? {
        (outer?.array ?? []).flatMap { $0[inner]?.array ?? [] }.lazy.compactMap(find).first
    }
}

/// Builds the requests that chats send when a button is pressed, with each chat's own signature.
package enum Pressing {
    /// Builds Slack's signed request.
    /// Source: https://docs.slack.dev/authentication/verifying-requests-from-slack
    package static func slack(
        _ token: String, action: String, user: String, secret: String, answerTo: String, channel: String = "C0123456789",
        trigger: String? = nil, now: Timestamp
    ) -> WebRequest {
        slack(
            [
                "type": "block_actions", "trigger_id": .text(trigger), "channel": ["id": .string(channel), "name": "ops"],
                "user": ["id": .string(user), "username": "somebody"], "response_url": .string(answerTo),
                "actions": [["action_id": .string(action), "value": .string(token), "type": "button"]],
            ], secret: secret, now: now)
    }

    /// Builds Slack's signed request with any payload.
    package static func slack(_ payload: JSONValue, secret: String, now: Timestamp) -> WebRequest {
        let body = Array("payload=\(payload.text.percentEncoded)".utf8), time = String(now.seconds)
        var mac = HMAC<SHA256>(key: SymmetricKey(data: Array(secret.utf8)))
        mac.update(data: Array("v0:\(time):".utf8) + body)
        return WebRequest(
            "POST", "/hooks/slack",
            headers: [("X-Slack-Request-Timestamp", time), ("X-Slack-Signature", "v0=" + hexadecimal(mac.finalize()))], body: body)
    }

    /// Builds Discord's signed request; a nil token gives Discord's ping.
    /// Source: https://docs.discord.com/developers/interactions/receiving-and-responding
    package static func discord(_ token: String?, user: String, reason: String? = nil, key: DiscordKey, now: Timestamp) throws -> WebRequest
    {
        let form: JSONValue? = reason.map { [["type": 1, "components": [["type": 4, "custom_id": "reason", "value": .string($0)]]]] }
        let body: JSONValue =
            token.map {
                [
                    "type": form == nil ? 3 : 5, "data": ["custom_id": .string($0), "components": form ?? []],
                    "member": ["user": ["id": .string(user), "username": "somebody"]],
                ]
            } ?? ["type": 1]
        let time = String(now.seconds)
        let signature = try key.key.signature(for: Array(time.utf8) + body.bytes)
        return WebRequest(
            "POST", "/hooks/discord",
            headers: [("X-Signature-Timestamp", time), ("X-Signature-Ed25519", hexadecimal(signature))], body: body.bytes)
    }

    /// Builds Mattermost's request, which has no signature.
    /// Source: https://developers.mattermost.com/integrate/plugins/interactive-messages/
    package static func mattermost(_ token: String, user: String, destination: String, trigger: String? = nil) -> WebRequest {
        let body: JSONValue = [
            "user_id": .string(user), "user_name": "somebody", "post_id": "p1", "trigger_id": .text(trigger),
            "context": ["token": .string(token)],
        ]
        return WebRequest("POST", "/hooks/mattermost/\(destination)", body: body.bytes)
    }

    /// Builds what Mattermost sends for a dialog.
    /// Source: https://developers.mattermost.com/integrate/plugins/interactive-dialogs/
    package static func mattermost(state: String, reason: String, user: String, destination: String) -> WebRequest {
        let body: JSONValue = [
            "type": "dialog_submission", "callback_id": "notify_relay_reject", "state": .string(state), "user_id": .string(user),
            "channel_id": "c1", "submission": ["reason": .string(reason)], "cancelled": false,
        ]
        return WebRequest("POST", "/hooks/mattermost/\(destination)", body: body.bytes)
    }
}

/// The signing key of a Discord application.
package struct DiscordKey: Sendable {
    let key = Curve25519.Signing.PrivateKey()

    package init() {}

    package var publicKey: String { hexadecimal(key.publicKey.rawRepresentation) }
}
