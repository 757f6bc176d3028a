import Crypto
package import RelayCore
package import RelaySupport

/// Verifies and reads what Discord posts when somebody presses a button under a message of an application's webhook.
/// Source: https://docs.discord.com/developers/interactions/receiving-and-responding
package struct DiscordCallback: Sendable {
    package static let window: Int64 = 300

    let key: Curve25519.Signing.PublicKey

    /// - Parameter publicKey: the application's public key, 64 hexadecimal digits.
    init?(publicKey: String) {
        guard let bytes = bytes(hexadecimal: publicKey), let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else {
            return nil
        }
        self.key = key
    }

    /// Checks that Discord wrote this post: an Ed25519 signature over the timestamp and the unchanged body. The response to a wrong
    /// signature must be 401; Discord tests this on purpose.
    package func verify(timestamp: String?, signature: String?, body: [UInt8], now: Timestamp) throws(CallbackError) {
        guard let timestamp, let signature, let given = bytes(hexadecimal: signature),
            key.isValidSignature(given, for: Array(timestamp.utf8) + body)
        else { throw CallbackError(reason: .badSignature) }
        guard let seconds = Int64(timestamp), (now.seconds - Self.window...now.seconds + Self.window).contains(seconds) else {
            throw CallbackError(reason: .stale)
        }
    }

    package enum Interaction: Sendable, Equatable {
        /// Discord checks that the endpoint is alive.
        case ping
        case press(Press)
        /// The form in which a person says why they reject was sent.
        case reason(Press)
        case other
    }

    package static func read(_ body: [UInt8]) throws(CallbackError) -> Interaction {
        guard let json = try? JSONValue(parsing: body), let type = json["type"]?.int else { throw CallbackError(reason: .malformed) }
        if type == 1 { return .ping }
        let user = json["member"]?["user"] ?? json["user"] ?? .null
        guard type == 3 || type == 5, let token = json["data"]?["custom_id"]?.string, let id = user["id"]?.string else { return .other }
        var press = Press(token: token, userID: id, userName: user["username"]?.string)
        if type == 3 { return .press(press) }
        let fields = json["data"]?["components"]?.array?.flatMap { $0["components"]?.array ?? [] } ?? []
        press.reason = fields.first { $0["custom_id"]?.string == reasonField }?["value"]?.string ?? ""
        return .reason(press)
    }

    private static let reasonField = "reason"

    /// A form that asks why somebody rejects: MODAL. What comes back bears the button's token, so it decides only what the button was made for.
    /// Source: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object-modal
    package static func ask(_ token: String, isNeeded: Bool) -> JSONValue {
        let field: JSONValue = [
            "type": 4, "custom_id": .string(reasonField), "style": 2, "label": "Reason", "required": .bool(isNeeded), "max_length": 1_000,
            "placeholder": .string(Press.noReasonYet),
        ]
        return [
            "type": 9,
            "data": [
                "custom_id": .string(token), "title": "Reject: why?", "components": [["type": 1, "components": [field]]],
            ],
        ]
    }

    package static let pong: JSONValue = ["type": 1]

    /// A reply that only the person who pressed sees: CHANNEL_MESSAGE_WITH_SOURCE with the flag EPHEMERAL.
    package static func answer(_ text: String) -> JSONValue {
        [
            "type": 4,
            "data": ["content": .string(Discord.dialect.escape(text)), "flags": 64, "allowed_mentions": ["parse": []]],
        ]
    }

    /// A response that changes nothing visible: DEFERRED_UPDATE_MESSAGE.
    package static let acknowledged: JSONValue = ["type": 6]
}
