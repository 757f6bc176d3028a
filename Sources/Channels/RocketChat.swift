import RelayCore
import RelaySupport
import Transport

/// Rocket.Chat by incoming webhook: the title is the message, and everything else is in an attachment under it.
/// Sources: https://docs.rocket.chat/docs/integrations, and the server's own `integrations/server/api/api.ts`,
/// `processWebhookMessage.ts` and `ApiClass.ts`: https://github.com/RocketChat/Rocket.Chat/tree/develop/apps/meteor/app
package enum RocketChat {
    package static let type = ChannelType(
        name: "rocketchat",
        abilities: Abilities(mention: true, limit: mostBody),
        dialect: dialect,
        titleLimit: Limit(250, .utf16),
        // These are the server's defaults for each route and address: API_Enable_Rate_Limiter_Limit_Calls_Default.
        pace: (burst: 10, every: .seconds(6)),
        hasFields: true,
        read: read)

    /// Body and title together stay below Message_MaxAllowedSize, which is 5,000 by default.
    static let mostBody = Limit(4_000, .utf16)

    /// Rocket.Chat clients read several kinds of Markdown and share no escape. So only deceptive text is broken: mentions, and both ways to
    /// give a link a label.
    /// Source: https://github.com/RocketChat/Rocket.Chat/blob/develop/packages/message-parser/src/grammar.pegjs (`References`)
    static let dialect = Dialect.mentionless(name: "rocketchat", escape: { breakingLinks(Dialect.withoutAngles($0)) })

    /// Puts a zero-width space between `]` and `(`.
    private static func breakingLinks(_ text: String) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            if byte == UInt8(ascii: "("), out.last == UInt8(ascii: "]") { out += "\u{200B}".utf8 }
            out.append(byte)
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        guard let address = section.address("url", basics) else { return nil }
        let question = question(address)
        if question == nil {
            section.note("url", "\(section.path).url is no incoming webhook", expected: "https://…/hooks/…/…", isWarning: true)
        }
        return ChannelPlan { tools in
            HookChannel(
                address: address, network: basics.network, tools: tools, payload: payload, sharpen: judge, takes: takes, question: question)
        }
    }

    /// The route that checks the id and token of an integration; nil if the URL has no `/hooks/`. (A `GET` of the webhook itself runs its
    /// script.)
    private static func question(_ address: HTTPAddress) -> Secret? {
        var text = address.url.reveal()
        guard let hooks = text.ranges(of: "/hooks/").last else { return nil }
        text.replaceSubrange(hooks, with: "/hooks/info/")
        return Secret(text)
    }

    @Sendable static func payload(_ message: Message) -> JSONValue {
        if message.isPlain { return ["text": .string(message.plainText(dialect, most: mostBody)), "parseUrls": false] }
        var attachment = Attachment(message, dialect, most: mostBody)
        let smallPrint = dialect.cut(dialect.escape(message.smallPrint), to: Limit(300, .utf16))
        attachment.members["fields"] = .array(
            (attachment.members["fields"]?.array ?? []) + [Attachment.field("Message", smallPrint, short: false)])
        let links = message.links(within: Limit(2_000, .utf16))
        if !links.isEmpty {
            attachment.members["actions"] = .array(
                links.map { ["type": "button", "text": .string($0.label), "url": .string($0.url)] })
        }
        return ["text": .string(text(message)), "parseUrls": false, "attachments": [attachment.json]]
    }

    /// The title is bold, unless it holds a star, which would end the bold text early.
    private static func text(_ message: Message) -> String {
        let title = dialect.cut(message.shownTitle, to: Limit(500, .utf16))
        let note = message.sampleNote.map { dialect.escape($0.oneLine(most: 300)) }
        let parts = [message.mention, note, title.contains("*") || title.contains("\n") ? title : "*\(title)*"]
        return parts.compactMap { $0 }.joined(separator: "\n")
    }
}
