package import RelayCore
import RelaySupport
import Transport

/// Slack by incoming webhook or by bot.
/// Sources: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks,
/// https://docs.slack.dev/apis/web-api/rate-limits
package enum Slack {
    package static let type = ChannelType(
        name: "slack",
        abilities: Abilities(buttons: true, mention: true, limit: Limit(Blocks.mostBody, .utf16)),
        dialect: dialect,
        titleLimit: Limit(250, .utf16),
        // Slack allows one message a second per channel and tolerates short bursts.
        pace: (burst: 4, every: .seconds(1)),
        hasFields: true,
        variants: [("slack (token)", botAbilities)],
        read: read)

    /// Escapes exactly three characters, which also disables `<!channel>`, `<@U…>` and `<url|label>`. Plain words such as `@here` are
    /// disabled by `verbatim` and `parse: none` in the payload; `*` and `_` have no escape.
    /// Source: https://docs.slack.dev/messaging/formatting-message-text
    package static let dialect = Dialect(
        name: "slack", escape: Entities.slack.escape, unit: unit, link: link, quote: Dialect.Quote("&gt; "))

    /// Wraps the address in angle brackets, because with `verbatim` a bare address does not become a link.
    @Sendable private static func link(_ url: String) -> String { "<\(Entities.slack.escape(Dialect.bareLink(url)))>" }

    /// A link counts as one unit. Data never holds a literal `<`, because it is escaped.
    @Sendable private static func unit(_ text: Substring) -> Int {
        guard text.utf8.first == UInt8(ascii: "<"), let end = text.utf8.firstIndex(of: UInt8(ascii: ">")) else {
            return Entities.slack.unit(text)
        }
        return text.utf8[...end].count
    }

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        let secret = section.secret("signing_secret")
        guard BotKeys.isUsed(section) else { return webhook(section, basics, secret) }
        guard let keys = BotKeys(section, basics) else {
            _ = section.secret("url")
            return nil
        }
        guard section.node("url") == nil else {
            section.note("url", "\(section.path).url stands beside a token", expected: "url, or token and channel")
            return nil
        }
        let callback = secret.map { secret in
            var callback = SlackCallback(secret: secret, origin: keys.api.origin, channel: keys.channel, network: basics.network)
            callback.bot = keys
            return callback
        }
        return ChannelPlan(abilities: botAbilities, callback: callback.map(Callback.slack)) {
            SlackBotChannel(keys: keys, network: basics.network, tools: $0)
        }
    }

    private static func webhook(_ section: ConfigSection, _ basics: DestinationBasics, _ secret: Secret?) -> ChannelPlan? {
        let address = section.address("url", basics)
        guard section.node("api_url") == nil else {
            section.note("api_url", "\(section.path).api_url stands without a token", expected: "token and channel, or url alone")
            return nil
        }
        guard let address else { return nil }
        guard !isWorkflow(address) else {
            section.note(
                "url", "\(section.path).url starts a workflow, which takes only the variables declared in it",
                expected: "an incoming webhook: https://hooks.slack.com/services/…")
            return nil
        }
        section.warnOfOtherHost(address, vendors, "https://hooks.slack.com/services/…")
        let callback = secret.map { SlackCallback(secret: $0, origin: address.origin, channel: nil, network: basics.network) }
        return ChannelPlan(callback: callback.map(Callback.slack)) {
            HookChannel(
                address: address, network: basics.network, tools: $0, payload: payload,
                sharpen: { common, response, json, _ in judge(common, response, json) },
                takes: takes)
        }
    }

    private static let vendors = ["hooks.slack.com", "hooks.slack-gov.com"]

    private static func isWorkflow(_ address: HTTPAddress) -> Bool {
        let url = address.url.reveal()
        return vendors.contains(address.parts.host) && (url.contains("/triggers/") || url.contains("/workflows/"))
    }
}
