import RelayCore
import RelaySupport
import Transport

/// Mattermost by incoming webhook: the title is the post, and everything else is in an attachment under it.
/// Sources: https://developers.mattermost.com/integrate/webhooks/incoming/,
/// https://developers.mattermost.com/integrate/reference/message-priority/, and the server's own `webhook.go` and `ratelimit.go`:
/// https://github.com/mattermost/mattermost/tree/master/server/channels/app
package enum Mattermost {
    package static let type = ChannelType(
        name: "mattermost",
        abilities: Abilities(buttons: true, nativePriority: true, mention: true, limit: mostBody),
        dialect: dialect,
        titleLimit: Limit(250, .codePoints),
        // This is the default of the server's rate limiter, if it is switched on.
        pace: (burst: 100, every: .milliseconds(100)),
        hasFields: true,
        read: read)

    /// The server splits a longer post into several; it may fold or cut a longer attachment.
    static let mostPost = Limit(16_383, .codePoints)
    static let mostBody = Limit(12_000, .codePoints)

    /// Escapes with a backslash what the server's Markdown allows to escape. Mattermost turns `<a|b>` into a link before it reads Markdown,
    /// and ignores backslashes inside such links, so `<` is never sent.
    /// Source: https://github.com/mattermost/marked/blob/master/lib/marked.js (`inline.escape`)
    static let dialect = Dialect(
        name: "mattermost", escape: { marked.escape(Dialect.withoutAngles($0)) }, unit: marked.unit, link: Dialect.bareLink,
        quote: Dialect.Quote("> ", needsEmptyLine: true))

    private static let marked = Dialect.backslashed(name: "mattermost", marks: "\\`*_~[]()#+->|", breaksMentions: true)

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        guard let address = section.address("url", basics) else { return nil }
        if !address.url.reveal().contains("/hooks/") {
            section.note("url", "\(section.path).url is no incoming webhook", expected: "https://…/hooks/…", isWarning: true)
        }
        return ChannelPlan(callback: .mattermost(MattermostCallback(webhook: address, network: basics.network))) { tools in
            HookChannel(
                address: address, network: basics.network, tools: tools, payload: payload,
                sharpen: { common, response, json, _ in
                    judge(common, response, json)
                }, takes: takes)
        }
    }

    @Sendable static func payload(_ message: Message) -> JSONValue {
        if message.isPlain { return ["text": .string(message.plainText(dialect, most: Limit(4_000, .codePoints)))] }
        var payload: [String: JSONValue] = ["text": .string(text(message)), "attachments": [attachment(message)]]
        if let word = word(message.event.priority) { payload["priority"] = ["priority": .string(word)] }
        return .object(payload)
    }

    /// The word for high and urgent; nil below. The `priority` object is then left out, because Mattermost refuses one without a word.
    private static func word(_ priority: Priority) -> String? {
        switch priority {
        case .low, .normal: nil
        case .high: "important"
        case .urgent: "urgent"
        }
    }

    private static func text(_ message: Message) -> String {
        let title = message.shownTitle
        let parts = [message.mention, message.sampleNote.map(dialect.escape), title.contains("\n") ? title : "**\(title)**"]
        return dialect.cut(parts.compactMap { $0 }.joined(separator: "\n"), to: mostPost)
    }

    private static func attachment(_ message: Message) -> JSONValue {
        var attachment = Attachment(message, dialect, most: mostBody)
        // The footer is shown without Markdown, but a mention in it would still work, so mentions are broken.
        let smallPrint = JSONValue.string(Dialect.plain.cut(Dialect.breakingMentions(message.smallPrint), to: Limit(300, .codePoints)))
        attachment.members["fallback"] = smallPrint
        attachment.members["footer"] = smallPrint
        if let link = message.mainLink(within: Limit(2_000, .utf16)) {
            attachment.members["title"] = .string(link.label)
            attachment.members["title_link"] = .string(link.url)
        }
        let buttons = buttons(message)
        if !buttons.isEmpty { attachment.members["actions"] = .array(buttons) }
        return attachment.json
    }

    /// Buttons that decide. `context` stays on the server. Ids must be letters and digits: with other characters a button does nothing.
    /// Source: https://developers.mattermost.com/integrate/plugins/interactive-messages/
    private static func buttons(_ message: Message) -> [JSONValue] {
        guard let url = message.callbackURL, message.label == nil else { return [] }
        return message.buttons.map { button in
            [
                "id": .string(button.choice.rawValue), "name": .string(button.label), "type": "button",
                "style": button.choice == .approve ? "primary" : "danger",
                "integration": ["url": .string(url), "context": ["token": .string(button.token)]],
            ]
        }
    }

    @Sendable private static func takes(_ response: HTTPResponse, _ json: JSONValue) -> Bool { response.text == "ok" }

    /// Refines the common verdict by the server's error id. An id is repeated only if it starts with a known prefix.
    static func judge(_ common: DeliveryError?, _ response: HTTPResponse, _ json: JSONValue) -> DeliveryError? {
        let status = response.status
        let id = json["id"]?.string.flatMap { id in ["web.", "api.", "app.", "model."].contains { id.hasPrefix($0) } ? id : nil }
        func error(_ verdict: DeliveryError.Verdict, _ reason: DeliveryError.Reason) -> DeliveryError {
            DeliveryError(verdict, reason, DeliveryError.said(status, id), status: status)
        }
        guard let common else {
            return response.errorInBody(json)
        }
        func says(_ parts: String...) -> Bool { parts.contains { id?.contains($0) ?? false } }
        switch status {
        // The server answers an unknown webhook key with 400, not 404.
        case 400 where says("incoming_webhook.invalid", "incoming_webhook.user", "team"): return error(.gone, .notFound)
        case 400 where says("props_length", "msg_length"): return error(.trimmings, .tooLarge)
        // Its ids for what it dislikes in a post are many. The plainest shape shows whether it was the attachment, its actions or the text.
        case 400 where id != nil || json["status_code"]?.int == 400: return error(.trimmings, .rejected)
        case 403 where id != nil: return error(.gone, .unauthorized)
        case 404 where id != nil: return error(.gone, .notFound)
        // Both `Retry-After` and `X-RateLimit-Reset` are seconds from now.
        case 429:
            let reset = DeliveryError.wait(seconds: response.header("x-ratelimit-reset").map(JSONValue.string))
            return error(.throttled(after: common.wish ?? reset), .rateLimited)
        case 501: return DeliveryError(.gone, .serverError, "answered 501: its incoming webhooks are switched off", status: 501)
        default: return common
        }
    }
}
