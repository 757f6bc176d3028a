import RelayCore
import RelaySupport

extension Teams {
    /// The limit of the whole encoded message, in bytes. 28 KB are documented, but users report failures from 21 KB, and those come after
    /// the 202.
    static let most = 19_999

    @Sendable static func payload(_ message: Message) -> JSONValue {
        if message.isPlain { return plain(message) }
        return Dialect.plain.fitting(message, within: most) { body in
            let attachment: JSONValue = [
                "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": .null, "content": Card(message, body).json,
            ]
            return ["type": "message", "attachments": [attachment]]
        }
    }

    /// A card with one text run for each line, and no containers, colours and actions.
    private static func plain(_ message: Message) -> JSONValue {
        let lines = message.plainText(.plain, most: Limit(10_000, .bytes)).split(separator: "\n", maxSplits: 99)
        let blocks = lines.map { line -> JSONValue in
            ["type": "RichTextBlock", "inlines": [["type": "TextRun", "text": .string(String(line))]]]
        }
        let card: JSONValue = ["type": "AdaptiveCard", "version": "1.2", "body": .array(blocks)]
        return ["type": "message", "attachments": [["contentType": "application/vnd.microsoft.card.adaptive", "content": card]]]
    }

    /// An Adaptive Card that puts all data into text runs: a run reads no Markdown, and no mention without a matching entity.
    /// Sources: https://adaptivecards.io/explorer/RichTextBlock.html,
    /// https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features
    private struct Card {
        /// If the body has more lines than this, the last block holds all the rest.
        private static let mostLines = 100

        let json: JSONValue

        init(_ message: Message, _ body: String) {
            var card: [String: JSONValue] = [
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
                "msteams": ["width": "Full"], "fallbackText": .string("NotifyRelay: \(message.event.kind.rawValue)"),
                "body": .array(
                    [Self.note(message), Self.title(message)].compactMap { $0 } + Self.lines(body) + Self.facts(message)
                        + [Self.smallPrint(message)]),
            ]
            let links = message.links(within: Limit(2_000, .utf16))
            if !links.isEmpty {
                card["actions"] = .array(
                    links.map { ["type": "Action.OpenUrl", "title": .string($0.label), "url": .string($0.url)] })
            }
            json = .object(card)
        }

        private static func note(_ message: Message) -> JSONValue? {
            let words = message.sampleNote?.oneLine(most: 500) ?? ""
            return words.isEmpty ? nil : block([run(words, ["italic": true])])
        }

        private static func title(_ message: Message) -> JSONValue {
            let words = Dialect.plain.cut(message.shownTitle, to: Limit(300, .utf16))
            return [
                "type": "Container", "style": .string(style(message.tone)), "bleed": true,
                "items": [block([run(words, ["weight": "Bolder", "size": "Large"])])],
            ]
        }

        private static func style(_ tone: Tone) -> String {
            switch tone {
            case .quiet: "emphasis"
            case .plain: "accent"
            case .good: "good"
            case .waiting: "warning"
            case .bad, .alarm: "attention"
            }
        }

        /// One block per line, because no client promises to break lines inside a run. A blank line becomes space above the next block.
        private static func lines(_ body: String) -> [JSONValue] {
            let lines = body.split(separator: "\n", maxSplits: mostLines - 1, omittingEmptySubsequences: false)
            var blocks: [JSONValue] = [], followsBlank = true
            for line in lines {
                let words = String(line).trimmed
                if !words.isEmpty { blocks.append(block([run(words)], isClose: !followsBlank)) }
                followsBlank = words.isEmpty
            }
            return blocks
        }

        private static func facts(_ message: Message) -> [JSONValue] {
            message.facts.enumerated().map { index, fact in
                let value = Dialect.plain.cut(fact.value, to: Limit(200, .utf16))
                return block([run("\(fact.name): ", ["weight": "Bolder"]), run(value)], isClose: index > 0)
            }
        }

        private static func smallPrint(_ message: Message) -> JSONValue {
            block([run(Dialect.plain.cut(message.smallPrint, to: Limit(300, .utf16)), ["isSubtle": true, "size": "Small"])])
        }

        private static func block(_ runs: [JSONValue], isClose: Bool = false) -> JSONValue {
            var block: [String: JSONValue] = ["type": "RichTextBlock", "inlines": .array(runs)]
            if isClose { block["spacing"] = "None" }
            return .object(block)
        }

        private static func run(_ text: String, _ marks: [String: JSONValue] = [:]) -> JSONValue {
            .object(marks.merging(["type": "TextRun", "text": .string(text)]) { $1 })
        }
    }
}
