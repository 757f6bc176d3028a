package import RelayCore
package import RelaySupport

extension Slack {
    /// The message as Block Kit, with the same words in `text` for notifications and screen readers.
    ///
    /// The blocks are at the top level and not in a coloured attachment: Slack calls attachments legacy and folds them, but an approval
    /// must be fully visible. The last line states the priority in words.
    @Sendable package static func payload(_ message: Message) -> JSONValue {
        if message.isPlain { return plain(message) }
        return [
            "text": .string(fallback(message)),
            "blocks": .array(Blocks(message).all),
            "parse": "none",
            "unfurl_links": false,
            "unfurl_media": false,
        ]
    }

    /// Only text. `parse: none` keeps plain words from calling anybody.
    private static func plain(_ message: Message) -> JSONValue {
        [
            "text": .string(message.plainText(dialect, most: Limit(3_500, .utf16))), "parse": "none", "unfurl_links": false,
            "unfurl_media": false,
        ]
    }

    private static func fallback(_ message: Message) -> String {
        let parts = [message.mention, message.label.map(dialect.escape), message.title, message.body].compactMap { $0 }.filter {
            !$0.isEmpty
        }
        return dialect.cut(parts.joined(separator: "\n"), to: Limit(Blocks.mostFallback, .utf16))
    }

    /// Builds blocks that stay within Slack's limits, whatever the message holds.
    ///
    /// Limits are in UTF-16 units, because Slack does not document its unit and no other unit gives a higher count. Source:
    /// https://docs.slack.dev/reference/block-kit/blocks. Slack does not document a limit for all blocks together; it comes from
    /// https://github.com/slackapi/bolt-js/issues/2509 (13,200).
    struct Blocks {
        /// Slack recommends at most 4,000; this text only repeats what the blocks say.
        static let mostFallback = 2_000
        static let mostBody = 10_000
        private static let mostInAll = 13_000
        private static let section = Limit(3_000, .utf16)
        /// The room for the quotes before the rests of split lines (`pieces`).
        private static let quotes = 50
        private static let field = Limit(200, .utf16)
        private static let context = Limit(300, .utf16)
        private static let mostURL = 3_000

        let all: [JSONValue]

        init(_ message: Message) {
            let called = message.mention.map { ["type": "section", "text": Self.mrkdwn($0)] as JSONValue }
            let head = [called, message.label.map(Self.note), Self.title(message)].compactMap { $0 }
            let tail = [Self.fields(message), Self.button(message), Self.footer(message)].compactMap { $0 }
            let taken = (head + tail).reduce(0) { $0 + Self.size(of: $1) }
            all = head + Self.sections(message.body, within: min(Self.mostBody, Self.mostInAll - taken - Self.quotes)) + tail
        }

        /// The title is bold, unless it holds a star, which would end the bold text early.
        private static func title(_ message: Message) -> JSONValue {
            let words = dialect.cut(message.title, to: Limit(section.most / 2, .utf16)).trimmed
            let title = words.isEmpty ? message.event.kind.rawValue : words
            return ["type": "section", "text": mrkdwn(title.contains("*") || title.contains("\n") ? title : "*\(title)*")]
        }

        private static func sections(_ body: String, within most: Int) -> [JSONValue] {
            dialect.pieces(of: dialect.cut(body, to: Limit(most, .utf16)), each: section)
                .map { ["type": "section", "text": mrkdwn($0)] }
        }

        private static func fields(_ message: Message) -> JSONValue? {
            ["type": "section", "fields": .array(message.facts.map(fact))]
        }

        /// Name and value share a line, so that a value is never a line of its own. The limit is one of the value, which `Completeness` counts
        /// on.
        private static func fact(_ name: String, _ value: String) -> JSONValue {
            plain("\(name): \(Dialect.plain.cut(value, to: field))", Limit(field.most + name.utf16.count + 2, field.unit))
        }

        /// The buttons; a sample has a note in place of a button.
        private static func button(_ message: Message) -> JSONValue? {
            if message.label != nil { return message.link == nil ? nil : note(Message.inertButton) }
            let buttons = message.buttons.map { button -> JSONValue in
                [
                    "type": "button", "action_id": .string(button.choice.rawValue), "text": plain(button.label, field),
                    "style": button.choice == .approve ? "primary" : "danger", "value": .string(button.token),
                ]
            }
            let links = message.links(within: Limit(mostURL, .utf16)).map { link -> JSONValue in
                [
                    "type": "button", "action_id": .string(link.label.lowercased()), "text": plain(link.label, field),
                    "url": .string(link.url),
                ]
            }
            return buttons.isEmpty && links.isEmpty ? nil : ["type": "actions", "elements": .array(buttons + links)]
        }

        private static func footer(_ message: Message) -> JSONValue { note(message.smallPrint) }

        private static func note(_ text: String) -> JSONValue {
            ["type": "context", "elements": [plain(text.oneLine(most: 1_000), context)]]
        }

        /// `verbatim` stops Slack from turning plain words into links and mentions.
        private static func mrkdwn(_ text: String) -> JSONValue { ["type": "mrkdwn", "verbatim": true, "text": .string(text)] }

        private static func plain(_ text: String, _ limit: Limit) -> JSONValue {
            ["type": "plain_text", "emoji": false, "text": .string(Dialect.plain.cut(text, to: limit))]
        }

        /// The length of all texts in a block, in UTF-16 units.
        private static func size(of block: JSONValue) -> Int {
            switch block {
            case .string(let text): text.utf16.count
            case .array(let items): items.reduce(0) { $0 + size(of: $1) }
            case .object(let members):
                members.reduce(0) { $0 + (["type", "url", "action_id"].contains($1.key) ? 0 : size(of: $1.value)) }
            case .null, .bool, .number: 0
            }
        }
    }
}
