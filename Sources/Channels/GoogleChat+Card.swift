import RelayCore
import RelaySupport

extension GoogleChat {
    /// The limit of the whole message with its cards, in bytes:
    /// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages
    static let most = 32_000

    static func payload(_ message: Message) -> JSONValue {
        if message.isPlain { return ["text": .string(plain(message))] }
        return dialect.fitting(message, within: most) { body in
            var payload: [String: JSONValue] = [
                "text": .string(text(message)),
                "cardsV2": [["cardId": "relay", "card": ["sections": [section(message, body)]]]],
            ]
            if let key = threadKey(message) { payload["thread"] = ["threadKey": .string(key)] }
            return .object(payload)
        }
    }

    /// The text that notifications and the list of spaces show. Google Chat reads its own markup here and has no escape for it, but without
    /// `<` no text can mention somebody or hide where a link leads.
    private static func text(_ message: Message) -> String {
        let data = [message.sampleNote?.oneLine(most: 500), Entities.html.read(message.shownTitle)].compactMap { $0 }
        let words = Dialect.plain.cut(Dialect.withoutAngles(data.joined(separator: "\n")), to: Limit(1_000, .utf16))
        return [message.mention, words].compactMap { $0 }.joined(separator: "\n")
    }

    /// The text without a card. The body is HTML for cards, so it is read back to plain text.
    private static func plain(_ message: Message) -> String {
        var message = message
        message.title = Entities.html.read(message.title)
        message.body = Entities.html.read(message.body)
        let links = message.links(within: Limit(2_000, .utf16)).map { "\($0.label): \(Dialect.bareLink($0.url))" }
        let words = Dialect.withoutAngles(message.plainText(.plain, most: Limit(3_000, .utf16), hasLinks: false))
        return ([words] + links).joined(separator: "\n")
    }

    private static func section(_ message: Message, _ body: String) -> JSONValue {
        let words = body.trimmed.isEmpty ? nil : paragraph(body.replacingLineFeeds)
        let facts = message.facts.map { name, value -> JSONValue in
            ["decoratedText": ["topLabel": .string(name), "text": .string(dialect.cut(dialect.escape(value), to: Limit(200, .utf16)))]]
        }
        let smallPrint = paragraph("<i>\(dialect.cut(dialect.escape(message.smallPrint), to: Limit(300, .utf16)))</i>")
        return [
            "header": .string("<font color=\"\(message.tone.hex)\"><b>\(message.event.kind.rawValue)</b></font>"),
            "widgets": .array([words].compactMap { $0 } + facts + [button(message), smallPrint].compactMap { $0 }),
        ]
    }

    private static func paragraph(_ text: String) -> JSONValue { ["textParagraph": ["text": .string(text)]] }

    private static func button(_ message: Message) -> JSONValue? {
        let links = message.links(within: Limit(2_000, .utf16))
        guard !links.isEmpty else { return nil }
        let buttons = links.map { ["text": .string($0.label), "onClick": ["openLink": ["url": .string($0.url)]]] as JSONValue }
        return ["buttonList": ["buttons": .array(buttons)]]
    }
}

extension String {
    /// HTML breaks lines with `<br>`.
    fileprivate var replacingLineFeeds: String { split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "<br>") }
}
