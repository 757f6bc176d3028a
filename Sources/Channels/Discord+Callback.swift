import Crypto
package import RelayCore

/// What Discord posts when a button under a message of an application's webhook is pressed.
/// Source: https://docs.discord.com/developers/interactions/receiving-and-responding
package struct DiscordCallback: Sendable {
    package static let window: Int64 = 300

    let key: Curve25519.Signing.PublicKey

    /// - Parameter publicKey: the application's, 64 hexadecimal digits.
    init?(publicKey: String) {
        guard let bytes = bytes(hexadecimal: publicKey), let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else {
            return nil
        }
        self.key = key
    }

    /// Whether Discord wrote this: Ed25519 over the time and the bytes as they came. A wrong one must be answered 401, which Discord
    /// tries on purpose.
    package func verify(timestamp: String?, signature: String?, body: [UInt8], now: Timestamp) throws(CallbackError) {
        guard let timestamp, let signature, let given = bytes(hexadecimal: signature),
            key.isValidSignature(given, for: Array(timestamp.utf8) + body)
        else { throw CallbackError(reason: .badSignature) }
        guard let seconds = Int64(timestamp), (now.seconds - Self.window...now.seconds + Self.window).contains(seconds) else {
            throw CallbackError(reason: .stale)
        }
    }

    package enum Interaction: Sendable, Equatable {
        /// Discord asks whether somebody is there.
        case ping
        case press(Press)
        case other
    }

    package static func read(_ body: [UInt8]) throws(CallbackError) -> Interaction {
        guard let json = try? JSONValue(parsing: body), let type = json["type"]?.int else { throw CallbackError(reason: .malformed) }
        if type == 1 { return .ping }
        let user = json["member"]?["user"] ?? json["user"] ?? .null
        guard type == 3, let token = json["data"]?["custom_id"]?.string, let id = user["id"]?.string else { return .other }
        return .press(Press(token: token, userID: id, userName: user["username"]?.string))
    }

    package static let pong: JSONValue = ["type": 1]

    /// For whoever pressed alone: CHANNEL_MESSAGE_WITH_SOURCE with the flag EPHEMERAL.
    package static func answer(_ text: String) -> JSONValue {
        [
            "type": 4,
            "data": ["content": .string(Discord.dialect.escape(text)), "flags": 64, "allowed_mentions": ["parse": []]],
        ]
    }

    /// Nothing happens that anybody sees: DEFERRED_UPDATE_MESSAGE.
    package static let acknowledged: JSONValue = ["type": 6]
}
