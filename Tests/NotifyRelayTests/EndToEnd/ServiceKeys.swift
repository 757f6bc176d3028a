import RelayCore
import RelaySupport
import Sandbox

extension InboxMessage.Kind {
    /// The type and keys of a destination that sends to this service's double.
    func keys(at addresses: SandboxAddresses) -> String { keys(base: addresses.service(self)) }

    func keys(base: String) -> String {
        switch self {
        case .slack: #"type: slack, url: "\#(base)/T/B/x""#
        case .slackBot: #"type: slack, token: xoxb-1-2, channel: C0123456789, api_url: "\#(base)/api""#
        case .discord: #"type: discord, url: "\#(base)/1/secret""#
        case .teams: #"type: teams, url: "\#(base)/workflows/1/triggers/manual/paths/invoke?api-version=1&sig=secret""#
        case .googleChat: #"type: google_chat, url: "\#(base)/v1/spaces/A/messages?key=k&token=secret""#
        case .mattermost: #"type: mattermost, url: "\#(base)/secret""#
        case .rocketchat: #"type: rocketchat, url: "\#(base)/hooks/1/secret""#
        case .telegram: #"type: telegram, token: "1:secret", chat: "-100", api_url: "\#(base)""#
        case .matrix: #"type: matrix, server: "\#(base)", token: secret, room: "!a:matrix.example""#
        case .zulip: #"type: zulip, server: "\#(base)", email: a@zulip.example, api_key: k, stream: s, topic: t"#
        case .ntfy: #"type: ntfy, server: "\#(base)", topic: alerts"#
        case .gotify: #"type: gotify, server: "\#(base)", token: secret"#
        case .pushover: #"type: pushover, token: \#(Self.key("a", 30)), user: \#(Self.key("u", 30)), api_url: "\#(base)""#
        case .pagerduty: #"type: pagerduty, routing_key: \#(Self.key("r", 32)), api_url: "\#(base)""#
        case .webhook: #"type: webhook, url: "\#(base)""#
        case .mail: #"type: email, server: "\#(base)", from: relay@example.com, to: [ops@example.com]"#
        }
    }

    /// A key in the form that the service uses.
    private static func key(_ letter: Character, _ count: Int) -> String { String(repeating: letter, count: count) }
}

extension InboxMessage {
    /// The whole text of the message. Zulip's body is a form; the bodies of all others hold the text as it is.
    var words: String { kind == .zulip ? json?["content"]?.string ?? "" : String(decoding: raw, as: UTF8.self) }
}
