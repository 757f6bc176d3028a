import Pages
import RelayCore
import RelaySupport

/// The parts that several pages share.
enum PageParts {
    static func time(_ message: InboxMessage) -> Markup {
        "<time datetime=\"\(message.receivedAt.description)\">\(message.receivedAt.timeOfDay)</time>\(repeated(message))"
    }

    /// A badge if the identity has arrived before, because a receiver would drop such a message.
    private static func repeated(_ message: InboxMessage) -> Markup? {
        message.time > 1 ? " <span class=\"repeat\" title=\"the same identity came before\">repeat ×\(message.time)</span>" : nil
    }

    static func webhookCard(_ message: InboxMessage) -> Markup {
        let json = message.json ?? .null
        let data = json["data"] ?? json
        let title = data["title"]?.string ?? json["title"]?.string ?? json["text"]?.string ?? ""
        let words: Markup? = data["text"]?.string.map { "<p class=\"plain\">\(beginning($0))</p>" }
        return """
            <article class="card\(Urgency.cardClass(message))" id="m\(message.id)"><header><span class="tag">\(json["type"]?.string ?? "JSON")</span> \
            \(time(message))\(Urgency.tag(message)) <a class="more" href="/message/\(message.id)">details</a></header><p class="title">\(title)</p>\(words)\
            <details><summary>/hooks/web/\(message.place)</summary><pre>\(prettyJSON(json))</pre></details></article>
            """
    }

    /// The first lines of a text. Lines with an address are left out, because half of an address leads nowhere.
    private static func beginning(_ text: String) -> String {
        let words = text.splitLines().filter { !$0.contains("://") }.joined(separator: "\n").trimmed
        return words.count <= 280 ? words : String(words.prefix(279)) + "…"
    }

    static func mailRow(_ message: InboxMessage) -> Markup {
        let mail = message.mail
        let first = mail?.text.map { preview($0) } ?? ""
        return """
            <article class="card mail\(Urgency.cardClass(message))" id="m\(message.id)"><a class="row" href="/message/\(message.id)"><span class="line">\
            <b>\(mail?.from.displayName ?? "")</b>\(Urgency.tag(message)) \(time(message))</span><span class="subject">\(mail?.subject ?? "")</span>\
            <span class="preview">\(first)</span><span class="to">to \(message.place)</span></a></article>
            """
    }

    /// The first words of a text, without lines that have no letters.
    private static func preview(_ text: String) -> String {
        let lines = text.splitLines().map(\.trimmingSpace).filter { $0.unicodeScalars.contains { $0.properties.isAlphabetic } }
        return String(lines.joined(separator: " ").prefix(140))
    }

    /// JSON as indented HTML, with members sorted and with coloured names and values.
    static func prettyJSON(_ value: JSONValue, _ level: Int = 0) -> Markup {
        let inner = String(repeating: "  ", count: level + 1), outer = String(repeating: "  ", count: level)
        switch value {
        case .object(let members) where !members.isEmpty:
            let lines = members.sorted { $0.key < $1.key }.map { name, member in
                "\(inner)<span class=\"k\">\(JSONValue.string(name).text)</span>: \(prettyJSON(member, level + 1))" as Markup
            }
            return "{\n\(Markup(lines, separator: ",\n"))\n\(outer)}"
        case .array(let items) where !items.isEmpty:
            let lines = items.map { "\(inner)\(prettyJSON($0, level + 1))" as Markup }
            return "[\n\(Markup(lines, separator: ",\n"))\n\(outer)]"
        case .string: return "<span class=\"s\">\(value.text)</span>"
        default: return "<span class=\"n\">\(value.text)</span>"
        }
    }

    static func headers(_ headers: [(name: String, value: String)]) -> Markup {
        "<table class=\"headers\">\(headers.map { "<tr><th>\($0.name)</th><td>\($0.value)</td></tr>" as Markup })</table>"
    }
}

extension String {
    /// The display name of an address, such as `Relay` for `"Relay" <relay@example.com>`.
    fileprivate var displayName: String {
        let name = String(prefix { $0 != "<" }).trimmingSpace
        let bare = name.hasPrefix("\"") && name.hasSuffix("\"") && name.count > 1 ? String(name.dropFirst().dropLast()) : name
        return bare.isEmpty ? self : bare
    }
}
