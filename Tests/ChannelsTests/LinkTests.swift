import RelayCore
import Testing

@testable import Channels

/// Addresses that the relay built become links; addresses from outside never become links that hide where they lead.
struct LinkTests {
    private static let url = "https://app.example/runs/4f_2-7?a=1&b=2"

    @Test(arguments: [
        (Slack.dialect, "<https://app.example/runs/4f_2-7?a=1&amp;b=2>"), (Discord.dialect, url), (Mattermost.dialect, url),
        (Telegram.dialect, "https://app.example/runs/4f_2-7?a=1&amp;b=2"), (Zulip.dialect, url), (RocketChat.dialect, url),
        (Dialect.plain, url),
    ])
    func `an own address is a link`(dialect: Dialect, written: String) { #expect(dialect.link(Self.url) == written) }

    @Test(arguments: [Slack.dialect, Discord.dialect, Mattermost.dialect])
    func `nothing in an address ends it or opens another`(dialect: Dialect) {
        let written = dialect.link("https://a.example/x)|y>[z](https://evil.example) <!channel>\n`*")
        let inside = dialect.name == "slack" ? written.dropFirst().dropLast() : written[...]
        #expect(!inside.contains { "<>()[]|\\\"`* \n".contains($0) }, "\(written)")
        #expect(inside.hasPrefix("https://a.example/x%29%7Cy%3E%5Bz%5D%28https://evil.example"))
    }

    @Test func `in Slack a link is cut as a whole`() {
        let link = Slack.dialect.link(Self.url)
        #expect(Slack.dialect.cut("see \(link) now", to: Limit(30, .codePoints)) == "see …")
        #expect(Slack.dialect.cut("see \(link) now and then", to: Limit(link.count + 6, .codePoints)) == "see \(link) …")
    }

    @Test func `in Slack a lone angle is a character like others`() { #expect(Slack.dialect.unit("<and so on") == 1) }
}
