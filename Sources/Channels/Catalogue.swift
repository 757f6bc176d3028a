/// Every kind of destination. A new kind needs one file, one line here and one test.
package enum Catalogue {
    package static let types: [ChannelType] = [
        Slack.type,
        Discord.type,
        Telegram.type,
        Pushover.type,
        PagerDuty.type,
        Mattermost.type,
        Teams.type,
        GoogleChat.type,
        RocketChat.type,
        Matrix.type,
        Ntfy.type,
        Zulip.type,
        Gotify.type,
        Webhook.type,
        Email.type,
        Console.type,
        FileDrop.type,
    ]

    package static func type(named name: String) -> ChannelType? { types.first { $0.name == name } }
}
