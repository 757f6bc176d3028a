import RelayCore
import RelaySupport
import Transport

/// A Matrix room: text and HTML, edited by events that replace the first one.
/// Source: https://spec.matrix.org/v1.15/client-server-api/
package enum Matrix {
    // There is no pace, because each server sets its own limits and its 429 states the wait.
    package static let type = ChannelType(
        name: "matrix",
        abilities: Abilities(edit: true, mention: true, idempotency: "txnId", silent: true, limit: Limit(16_000, .bytes)),
        dialect: .plain,
        titleLimit: Limit(250, .codePoints),
        hasFields: true,
        read: read)

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        let server = section.address("server", basics, isSecret: false)
        let token = section.secret("token", required: true, expected: "an access token, best as \"${NAME}\"")
        let room = section.required("room", "the id of a room: !…")
        guard let server, let token, let room else { return nil }
        guard token.fitsHeader else {
            section.note("token", "\(section.path).token is no access token", expected: "letters, digits and marks, without spaces")
            return nil
        }
        guard !room.hasPrefix("#") else {
            section.note(
                "room", "\(section.path).room is an alias, which may lead elsewhere tomorrow",
                expected: "the room's id, which starts with ! and stands in its advanced settings")
            return nil
        }
        guard room.hasPrefix("!"), (2...255).contains(room.utf8.count), room.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else {
            section.wrong("room", "the id of a room, such as !abc:example.com")
            return nil
        }
        return ChannelPlan { MatrixChannel(server: server, token: token, room: room, network: basics.network, tools: $0) }
    }
}

struct MatrixChannel: Channel {
    let server: HTTPAddress
    let token: Secret
    let room: String
    let network: NetworkOptions
    let tools: ChannelTools

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        let accepted = try await put(Matrix.content(message), transaction: message.idempotencyKey, isEdit: false)
        return accepted.receipt(accepted.json["event_id"]?.string.map { ["event_id": $0] } ?? [:])
    }

    /// Always replaces the first event, because Matrix ignores a replacement of a replacement.
    func update(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt {
        guard let original = earlier.remote["event_id"] else { return try await deliver(message) }
        // The edit needs a separate transaction id: with the first one, the server would take it for a repeat of the original event.
        let transaction = message.idempotencyKey + "-edit"
        return try await put(Matrix.content(message, replacing: original), transaction: transaction, isEdit: true).keeping(earlier)
    }

    func follow(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt {
        guard !message.isPlain, let original = earlier.remote["event_id"], var content = Matrix.content(message).object else {
            return try await deliver(message)
        }
        // Clients without threads show the message as a reply. Source: https://spec.matrix.org/v1.15/client-server-api/#threading
        content["m.relates_to"] = [
            "rel_type": "m.thread", "event_id": .string(original), "is_falling_back": true,
            "m.in_reply_to": ["event_id": .string(original)],
        ]
        return try await put(.object(content), transaction: message.idempotencyKey, isEdit: false).keeping(earlier)
    }

    func preview(_ message: Message) -> String { String(decoding: Matrix.content(message).bytes, as: UTF8.self) }

    func connect() async -> [Finding] {
        let url = Secret("\(server.base)/_matrix/client/v3/account/whoami")
        let request = HTTPRequest("GET", url, headers: [token.asBearer], network: network)
        return await JSONPost(tools: tools, network: network).ask(request, "the server \(server.origin)", takes: { $1["user_id"] != nil }) {
            Matrix.judge($0, $1, $2)
        }
    }

    /// The transaction id makes a repeat harmless as long as the access token stays the same.
    /// Source: https://spec.matrix.org/v1.15/client-server-api/#transaction-identifiers
    private func put(_ content: JSONValue, transaction: String, isEdit: Bool) async throws(DeliveryError) -> JSONPost.Accepted {
        let path = "rooms/\(room.percentEncoded)/send/m.room.message/\(transaction.percentEncoded)"
        let post = JSONPost(tools: tools, network: network)
        let request = post.request("PUT", Secret("\(server.base)/_matrix/client/v3/\(path)"), json: content, headers: [token.asBearer])
        return try await post.send(request, isIdempotent: true, takes: { $1["event_id"]?.string != nil }) {
            Matrix.judge($0, $1, $2, isEdit: isEdit)
        }
    }
}
