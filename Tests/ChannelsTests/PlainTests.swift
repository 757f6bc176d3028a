import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Channels

/// The plainest shape of a message, for a destination that refused its trimmings.
struct PlainTests {
    private static let kinds = configurations.map(\.type).filter { !["console", "file"].contains($0) }

    private func message(in dialect: Dialect) -> Message {
        var message = Message.of(
            .approval, .urgent, title: dialect.escape("Refund of EUR 1,240 <waits>"), body: dialect.escape("Ann & Bob ask.\nSecond line."),
            html: "<p>html</p>", link: "https://app.example.com/runs/77aa", recipient: "ops@example.com", mention: "@MENTION")
        message.decideLink = "https://relay.example.com/a/token"
        message.buttons = [DecisionButton(.approve, token: "BUTTON-A"), DecisionButton(.reject, token: "BUTTON-R")]
        message.callbackURL = "https://relay.example.com/hooks/x"
        message.isPlain = true
        return message
    }

    @Test(arguments: kinds)
    func `it keeps the words, both links and the key, and loses mention, buttons and colour`(type: String) throws {
        let dialect = try #require(Catalogue.type(named: type)).dialect
        let values = try #require(configurations.first { $0.type == type }).values
        let channel = try channel(type, values)
        let text = channel.preview(message(in: dialect))
        for lost in ["MENTION", "BUTTON", "color", "embeds\":[{", "cardsV2", "blocks", "reply_markup", "message_thread_id"] {
            #expect(!text.contains(lost), "\(lost) in \(text)")
        }
        let shown = type == "email" ? text.replacing("=\r\n", with: "").replacing("=3D", with: "=") : text.percentDecodedOrSame
        // The template of a mail writes the links into its text.
        let links = type == "email" ? [] : ["https://app.example.com/runs/77aa", "https://relay.example.com/a/token"]
        for kept in ["1,240", "Second line"] + links {
            #expect(shown.contains(kept), "no \(kept) in \(shown)")
        }
        expectGolden(text + "\n", "plain/\(type).txt")
    }

    @Test(arguments: kinds)
    func `a very long one stays within what the type takes`(type: String) throws {
        let dialect = try #require(Catalogue.type(named: type)).dialect
        var message = message(in: dialect)
        message.body = dialect.escape(String(repeating: "wörd ", count: 20_000))
        let values = try #require(configurations.first { $0.type == type }).values
        #expect(try channel(type, values).preview(message).utf8.count < (type == "email" ? 1_000_000 : 21_000))
    }

    @Test(arguments: kinds.filter { $0 != "webhook" && $0 != "email" })
    func `one that does not show the whole request says so and offers the page`(type: String) throws {
        let dialect = try #require(Catalogue.type(named: type)).dialect
        var message = message(in: dialect)
        let values = try #require(configurations.first { $0.type == type }).values
        #expect(!(try channel(type, values).preview(message)).contains("whole request"))
        message.body = dialect.escape(String(repeating: "word ", count: 20_000))
        let text = try channel(type, values).preview(message).percentDecodedOrSame
        #expect(text.contains("This does not show the whole request; open the page to read all"), "\(text.prefix(500))")
        message.body = "short"
        message.event.payload.origin.automation = String(repeating: "a", count: 900)
        message.event.payload.origin.trigger = message.event.payload.origin.automation
        message.event.payload.origin.risk = message.event.payload.origin.automation
        let facts = try channel(type, values).preview(message).percentDecodedOrSame
        #expect(facts.contains("does not show the whole request") || facts.contains(String(repeating: "a", count: 900)))
        message.event.kind = .decision
        #expect(!(try channel(type, values).preview(message)).contains("whole request"))
    }

    @Test(arguments: ["teams", "google_chat", "matrix", "ntfy", "zulip"])
    func `a type that cuts a request for its own limit says so too`(type: String) throws {
        let dialect = try #require(Catalogue.type(named: type)).dialect
        var message = message(in: dialect)
        message.isPlain = false
        let values = try #require(configurations.first { $0.type == type }).values
        #expect(!(try channel(type, values).preview(message)).contains("whole request"))
        message.body = String(repeating: "\\\"", count: 12_000)
        #expect(try channel(type, values).preview(message).percentDecodedOrSame.contains("This does not show the whole request"))
    }

    @Test func `the topic General of a Telegram group has no id`() throws {
        var values = try #require(configurations.first { $0.type == "telegram" }).values
        values["topic"] = "1"
        let text = try channel("telegram", values).preview(.of())
        #expect(!text.contains("message_thread_id"))
        values["topic"] = "2"
        #expect(try channel("telegram", values).preview(.of()).contains(#""message_thread_id":2"#))
    }
}

extension String {
    fileprivate var percentDecodedOrSame: String { contains("%2F") ? percentDecoded(self.replacing("+", with: " ")) : self }
}
