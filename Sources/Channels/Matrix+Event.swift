import RelayCore
import RelaySupport
import Transport

extension Matrix {
    /// The largest event in bytes, everything included. Source: https://spec.matrix.org/v1.15/client-server-api/#size-limits
    static let mostEvent = 65_536
    /// The largest content; the server needs the rest for ids, hashes, signatures and references to other events.
    static let mostContent = mostEvent - 8_192

    /// The content as text and HTML. Escaping can turn one byte into six, so the body is cut shorter until the event fits.
    ///
    /// - Parameter original: the id of the first event if this one replaces it; nil for a new message.
    static func content(_ message: Message, replacing original: String? = nil) -> JSONValue {
        if message.isPlain { return plain(message, replacing: original) }
        var content = JSONValue.null
        for room in [type.abilities.limit.most, 8_000, 4_000, 2_000] {
            content = self.content(message, room: room, replacing: original)
            if content.bytes.count <= mostContent { break }
        }
        return content
    }

    /// Text without HTML and mentions. An edit still names the event that it replaces.
    private static func plain(_ message: Message, replacing original: String?) -> JSONValue {
        let text = JSONValue.string(message.plainText(.plain, most: Limit(8_000, .bytes)))
        let content: JSONValue = ["msgtype": "m.text", "body": text, "m.mentions": [:]]
        guard let original else { return content }
        return [
            "msgtype": "m.text", "body": text, "m.mentions": [:], "m.new_content": content,
            "m.relates_to": ["rel_type": "m.replace", "event_id": .string(original)],
        ]
    }

    private static func content(_ message: Message, room: Int, replacing original: String?) -> JSONValue {
        let words = Words(message, room: room)
        var content: [String: JSONValue] = [
            // A message below normal priority is a notice, which by default makes no notification.
            "msgtype": message.event.priority == .low ? "m.notice" : "m.text",
            "body": .string(words.text), "format": "org.matrix.custom.html", "formatted_body": .string(words.html),
            "m.mentions": mentions(message.mention),
        ]
        guard let original else { return .object(content) }
        let replacement = JSONValue.object(content)
        content["body"] = .string("* " + words.text)
        content["format"] = nil
        content["formatted_body"] = nil
        content["m.new_content"] = replacement
        content["m.relates_to"] = ["rel_type": "m.replace", "event_id": .string(original)]
        // The outer mentions are empty, so the edit notifies nobody twice: the first event or `m.new_content` carries the mentions.
        content["m.mentions"] = [:]
        return .object(content)
    }

    /// Exactly the mentions that the operator wrote. The member must be present even if it is empty; without it the text itself may mention
    /// somebody.
    /// Source: https://spec.matrix.org/v1.15/client-server-api/#user-and-room-mentions
    private static func mentions(_ mention: String?) -> JSONValue {
        let parts = (mention ?? "").split(separator: " ")
        let users = parts.filter { isUser($0) }.map { JSONValue.string(String($0)) }
        var mentions: [String: JSONValue] = [:]
        if !users.isEmpty { mentions["user_ids"] = .array(users) }
        if parts.contains("@room") { mentions["room"] = true }
        return .object(mentions)
    }

    private static func isUser(_ part: some StringProtocol) -> Bool { part.hasPrefix("@") && part.contains(":") }

    /// The same words twice: as plain text, and as HTML that is built here from it.
    private struct Words {
        var text = ""
        var html = ""

        init(_ message: Message, room: Int) {
            let title = Matrix.escape(message.title)
            if let mention = message.mention { add(mention, mention.split(separator: " ").map(Self.pill).joined(separator: " ")) }
            if let label = message.label { add(label) }
            add(message.title, "<strong><span data-mx-color=\"\(message.tone.hex)\">\(title)</span></strong>")
            add(message.cutBody(.plain, to: Limit(room, .bytes)))
            for (name, value) in message.facts {
                let value = Dialect.plain.cut(value, to: Limit(200, .codePoints))
                add("\(name): \(value)", "<em>\(name):</em> \(Matrix.escape(value))")
            }
            for link in message.links(within: Limit(2_000, .bytes)) {
                add(
                    link.label == "Open" ? link.url : "\(link.label): \(link.url)",
                    "<a href=\"\(Matrix.escape(link.url))\">\(link.label)</a>")
            }
            let smallPrint = Dialect.plain.cut(message.smallPrint, to: Limit(300, .codePoints))
            add(smallPrint, "<em>\(Matrix.escape(smallPrint))</em>")
        }

        private mutating func add(_ line: String, _ formatted: String? = nil) {
            if line.trimmed.isEmpty { return }
            text += (text.isEmpty ? "" : "\n") + line
            html += (html.isEmpty ? "" : "<br>") + (formatted ?? Matrix.escape(line))
        }

        /// A link to the user, which apps show as a name. The mention itself is in `m.mentions`.
        private static func pill(_ part: Substring) -> String {
            guard Matrix.isUser(part) else { return Matrix.escape(String(part)) }
            return "<a href=\"https://matrix.to/#/\(String(part).percentEncoded)\">\(Matrix.escape(String(part)))</a>"
        }
    }

    /// Escapes four characters as entities and turns line feeds into `<br>`.
    private static func escape(_ text: String) -> String { Entities.html.escape(text).replacing("\n", with: "<br>") }
}
