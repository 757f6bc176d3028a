import RelayCore
import Transport

extension Matrix {
    /// The longest event, everything included. Source: https://spec.matrix.org/v1.15/client-server-api/#size-limits
    static let mostEvent = 65_536
    /// The rest is the server's: ids, hashes, signatures, the events that it refers to.
    static let mostContent = mostEvent - 8_192

    /// Text and HTML, in which marks may take six bytes for one: the words are cut shorter until the event fits.
    ///
    /// - Parameter original: the first event, where this one takes its place.
    static func content(_ message: Message, replacing original: String? = nil) -> JSONValue {
        var content = JSONValue.null
        for room in [type.abilities.limit.most, 8_000, 4_000, 2_000] {
            content = self.content(message, room: room, replacing: original)
            if content.bytes.count <= mostContent { break }
        }
        return content
    }

    private static func content(_ message: Message, room: Int, replacing original: String?) -> JSONValue {
        let words = Words(message, room: room)
        var content: [String: JSONValue] = [
            // Below normal it is a notice, which by default calls nobody to the screen.
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
        // Those who are named were called by the first event, or are called by the new content.
        content["m.mentions"] = [:]
        return .object(content)
    }

    /// Exactly whom the operator wrote. Even empty it must stand there: without it the words themselves may call somebody.
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

    /// The same words twice: as text, and as HTML made here out of text.
    private struct Words {
        var text = ""
        var html = ""

        init(_ message: Message, room: Int) {
            let title = Matrix.escape(message.title)
            if let mention = message.mention { add(mention, mention.split(separator: " ").map(Self.pill).joined(separator: " ")) }
            if let label = message.label { add(label) }
            add(message.title, "<strong><span data-mx-color=\"\(message.tone.hex)\">\(title)</span></strong>")
            add(Dialect.plain.cut(message.body, to: Limit(room, .bytes)))
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

        /// A link to the user, which apps draw as a name. It is `m.mentions` that calls.
        private static func pill(_ part: Substring) -> String {
            guard Matrix.isUser(part) else { return Matrix.escape(String(part)) }
            return "<a href=\"https://matrix.to/#/\(String(part).percentEncoded)\">\(Matrix.escape(String(part)))</a>"
        }
    }

    /// Four entities, and lines as lines.
    private static func escape(_ text: String) -> String { Entities.html.escape(text).replacing("\n", with: "<br>") }
}
