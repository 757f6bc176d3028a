import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

struct SlackTests {
    @Test(arguments: Event.Kind.allCases, Priority.allCases)
    func `every kind and priority looks as agreed`(kind: Event.Kind, priority: Priority) throws {
        guard kind == .notification || priority == .high else { return }
        let message = Message.of(kind, priority, link: "https://app.example/runs/77aa")
        let sent = try channel("slack", configurations[0].values).preview(message)
        expectGolden(json: sent, "slack/\(kind.rawValue).\(priority.word).json")
    }

    @Test func `a sample says so first, and its button does nothing`() throws {
        let payload = Slack.payload(.of(link: "https://app.example/runs/77aa", label: "Sample <!here>"))
        expectGolden(payload.indented() + "\n", "slack/sample.json")
    }

    @Test func `what is sent is what the preview shows, and nothing sends it twice unseen`() async throws {
        let http = ScriptedTransport(status: 200, body: "ok")
        let channel = try channel("slack", configurations[0].values, tools: tools(http: http))
        _ = try await channel.deliver(.of())
        let request = try #require(http.requests.first)
        #expect(String(decoding: request.body ?? [], as: UTF8.self) == channel.preview(.of()))
        #expect(request.guardsAgainstResend)
        #expect(request.method == "POST")
        #expect(request.url.reveal() == "https://hooks.slack.com/services/T0/B0/hush-hush")
        #expect(
            request.headers.map { "\($0.name): \($0.value.reveal())" } == [
                "Content-Type: application/json; charset=utf-8", "User-Agent: notify-relay/1.0",
            ])
    }

    @Test(arguments: [
        ("a & b", "a &amp; b"), ("<!channel>", "&lt;!channel&gt;"), ("&amp;", "&amp;amp;"),
        ("<\u{338}!here>\u{338}", "&lt;\u{338}!here&gt;\u{338}"),
        ("@here \"quoted\" 'too'", "@here \"quoted\" 'too'"),
    ])
    func `three characters are escaped, also under combining marks`(text: String, escaped: String) {
        #expect(Array(Slack.dialect.escape(text).utf8) == Array(escaped.utf8))
    }

    @Test(arguments: [2_999, 3_000, 3_001, 6_000, 6_001, 9_999, 10_000, 10_001, 40_000])
    func `a body is split at the limit of a section and cut at the limit of all`(length: Int) throws {
        let body = String(repeating: "x", count: length)
        let texts = sections(Slack.payload(.of(body: body))).dropFirst()
        #expect(texts.allSatisfy { $0.utf16.count <= 3_000 })
        #expect(texts.count == 1 + max(0, (min(length, 10_000) - 3_000 + 2_994) / 2_995))
        #expect(withoutQuotes(texts).joined() == (length <= 10_000 ? body : String(repeating: "x", count: 9_999) + "…"))
    }

    /// The pieces of one split line without the quotes before all but the first.
    private func withoutQuotes(_ texts: some Sequence<String>) -> [String] {
        let quote = Array("&gt; ".unicodeScalars)
        return texts.map { text in
            text.unicodeScalars.starts(with: quote) ? String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(quote.count))) : text
        }
    }

    @Test func `the rest of a long foreign line cannot begin a section as one of ours`() {
        let body = "&gt; " + String(repeating: "x", count: 2_995) + "Decide: https://evil.example" + String(repeating: "y", count: 3_000)
        let texts = sections(Slack.payload(.of(body: body))).dropFirst()
        #expect(texts.count == 3)
        #expect(texts.allSatisfy { $0.hasPrefix("&gt; ") && $0.utf16.count <= 3_000 })
    }

    @Test(arguments: ["&amp;", "👩‍👩‍👧‍👦", "é\u{301}"])
    func `no entity and no character is split`(unit: String) {
        let texts = sections(Slack.payload(.of(body: String(repeating: unit, count: 6_000)))).dropFirst()
        #expect(texts.count > 1)
        #expect(withoutQuotes(texts).allSatisfy { $0.replacing("…", with: "").utf8.count % unit.utf8.count == 0 })
    }

    @Test func `a fact as long as a message may show whole is whole`() throws {
        let name = String(repeating: "n", count: 199) + "Z"
        let payload = Slack.payload(.of(origin: Origin(automation: name)))
        #expect(payload.text.contains("Automation: \(name)\""))
    }

    @Test(arguments: CatalogueTests.hostile)
    func `whatever the data, Slack's limits hold`(text: LongText) throws {
        let text = text.text
        let origin = Origin(automation: text, automationID: "1", risk: text, trigger: text, runID: "2", runStatus: text)
        let escaped = Slack.dialect.escape(text)
        let payload = Slack.payload(
            .of(title: escaped, body: escaped, link: "https://app.example/1", origin: origin, label: text + "S"))
        let blocks = try #require(payload["blocks"]?.array)
        #expect(blocks.count <= 50)
        var sum = 0
        for text in blocks.flatMap(texts) {
            let words = try #require(text["text"]?.string)
            let isMarkdown = text["type"] == "mrkdwn"
            sum += words.utf16.count
            #expect((1...(isMarkdown ? 3_000 : 300)).contains(words.utf16.count))
            #expect(isMarkdown ? text["verbatim"] == true : text["emoji"] == false)
            if isMarkdown { #expect(!words.utf8.contains(UInt8(ascii: "<"))) }
        }
        #expect(sum <= 13_000)
        #expect((1...4_000).contains(payload["text"]?.string?.utf16.count ?? 0))
        #expect(payload["text"]?.string?.contains("<") == false)
        #expect(payload["parse"] == "none")
    }

    @Test func `a star in the title would end the bold, so there is none`() {
        #expect(sections(Slack.payload(.of(title: "2 * 3"))).first == "2 * 3")
        #expect(sections(Slack.payload(.of(title: "2 x 3"))).first == "*2 x 3*")
    }

    @Test func `staging, the account and the id are told last`() throws {
        let message = Message.of(.notification, .urgent, origin: Origin(staging: true))
        let last = try #require(Slack.payload(message)["blocks"]?.array?.last)
        #expect(last["elements"]?.array?.first?["text"]?.string == "urgent · staging · live · live/notification/5b1e")
    }

    @Test(arguments: [
        (
            "https://hooks.slack.com/triggers/E1/2/3",
            "destinations.ops.url starts a workflow, which takes only the variables declared in it"
        ),
        (
            "https://hooks.slack.com/workflows/T1/2/3",
            "destinations.ops.url starts a workflow, which takes only the variables declared in it"
        ),
        ("http://hooks.slack.com/services/T0/B0/x", "destinations.ops.url would be sent in the clear"),
        ("ftp://hooks.slack.com/services/T0/B0/x", "destinations.ops.url is no address that can be used"),
        ("https://me:you@hooks.slack.com/services/x", "destinations.ops.url is no address that can be used"),
        ("hooks.slack.com", "destinations.ops.url is no address that can be used"),
    ])
    func `an address that cannot work is refused with the reason`(url: String, problem: String) throws {
        let reading = try Reading("slack", ["url": .text(url)])
        #expect(reading.errors.map(\.problem) == [problem])
        #expect(reading.plan == nil)
    }

    @Test func `another host is at most a warning, and loopback not even that`() throws {
        let other = try Reading("slack", ["url": "https://chat.example/services/x"])
        #expect(other.plan != nil)
        #expect(other.problems.map(\.isWarning) == [true])
        #expect(try Reading("slack", ["url": "http://127.0.0.1:9/hooks/slack/T/B/x"]).problems.isEmpty)
        #expect(try Reading("slack", ["url": "http://chat.example/x"], allowPlain: true).errors.isEmpty)
    }

    @Test func `a bot takes a token and the ID of a channel, and no webhook beside them`() throws {
        let bot: [String: Value] = [
            "token": "xoxb-1", "channel": "C0123456789", "signing_secret": "s", "api_url": "https://slack.com/api",
        ]
        let reading = try Reading("slack", bot)
        #expect(reading.problems.isEmpty)
        #expect(reading.plan?.abilities?.edit == true)
        #expect(
            try Reading("slack", bot.merging(configurations[0].values) { $1 }).errors.map(\.problem) == [
                "destinations.ops.url stands beside a token"
            ])
        #expect(try Reading("slack", ["token": "xoxb-1"]).errors.map(\.problem) == ["destinations.ops.channel is missing"])
        #expect(
            try Reading("slack", ["token": "xoxb-1", "channel": "#ops"]).errors.map(\.problem) == [
                "destinations.ops.channel is a value from ${…}"
            ])
    }

    /// The texts of the mrkdwn sections, in order.
    private func sections(_ payload: JSONValue) -> [String] {
        (payload["blocks"]?.array ?? []).compactMap { $0["type"] == "section" ? $0["text"]?["text"]?.string : nil }
    }

    private func texts(_ block: JSONValue) -> [JSONValue] {
        [block["text"]].compactMap { $0 } + (block["fields"]?.array ?? [])
            + (block["elements"]?.array ?? []).map { $0["type"] == "button" ? $0["text"] ?? .null : $0 }
    }
}
