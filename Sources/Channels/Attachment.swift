import RelayCore
import RelaySupport

/// The message attachment that Slack introduced, limited to the members that other chats read in the same way.
/// Source: https://developers.mattermost.com/integrate/reference/message-attachments/
struct Attachment {
    var members: [String: JSONValue]

    /// - Parameter most: the limit of the text.
    init(_ message: Message, _ dialect: Dialect, most: Limit) {
        members = [
            "color": .string(message.tone.hex), "text": .string(dialect.cut(message.body, to: most)),
            "fields": .array(message.facts.map { Self.field($0.name, dialect.cut(dialect.escape($0.value), to: Limit(200, most.unit))) }),
        ]
    }

    var json: JSONValue { .object(members) }

    static func field(_ name: String, _ value: String, short: Bool = true) -> JSONValue {
        ["short": .bool(short), "title": .string(name), "value": .string(value)]
    }
}
