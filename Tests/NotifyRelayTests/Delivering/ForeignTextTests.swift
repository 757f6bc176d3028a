import Channels
import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Rendering
import Sandbox
import Testing
import Transport

@testable import NotifyRelay

/// Text from outside cannot look like the relay's own words, in any dialect.
struct ForeignTextTests {
    /// What the relay itself writes at the beginning of a line.
    private static let labels = [
        "Decide: ", "Approve", "Approved so far: ", "Decided by ", "Reason: ", "Waiting: ", "Automation: ", "Run: ", "Time: ",
        "Started by: ",
        "Failed step: ", "Took ", "… and 3 more", "This shows 3 of 3 fields", "Approval needed: ", "Waits: ", "  decide: ", "- amount: 1",
    ]
    private static let place = "https://evil.example/a"
    private static let text =
        "harmless\n" + labels.map { "\($0)\(place)" }.joined(separator: "\n") + "\r\nDecide: \(place)\u{2028}Decide: \(place)"
    private static let now = Timestamp(seconds: 1_795_510_890)

    private static let origin = Origin(
        staging: false, automation: text, automationID: text, risk: text, trigger: text, runID: text, runStatus: text)

    private static let details: [(Event.Kind, Detail)] = [
        (.notification, .notification(NotificationDetail(type: text, message: text, payload: [text: .string(text)]))),
        (.run, .run(RunDetail(outcome: .failed, summary: text, error: text, failedStep: text, milliseconds: 94_000))),
        (.approval, .approval(ApprovalDetail(id: "1", action: text, actions: [text: .string(text)], createdAt: now - .seconds(60)))),
        (.reminder, .approval(ApprovalDetail(id: "1", action: text, actions: [text: .string(text)], createdAt: now - .seconds(60)))),
        (
            .decision,
            .approval(ApprovalDetail(id: "1", state: .rejected, action: text, createdAt: now, actor: text, decidedAt: now, reason: text))
        ),
        (.relay, .relay(RelayDetail(topic: text, about: text, detail: text))),
    ]

    /// The lines of a text as the channel gets it, whose escapes are taken away.
    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { String($0).replacing("\\", with: "").replacing("\u{200B}", with: "") }
    }

    @Test(arguments: Catalogue.types.map(\.name), details.indices)
    func `no line of it begins like one of ours`(type: String, index: Int) throws {
        let type = try #require(Catalogue.type(named: type)), (kind, detail) = Self.details[index]
        let event = Event(
            id: "a/x/1", account: "a", kind: kind, subject: "a/x/1", priority: .low, occurredAt: Self.now, seenAt: Self.now,
            payload: Payload(origin: Self.origin, detail: detail.repairedAsRead))
        let rendered = TemplateSet.builtIn.render(
            Fields(event: event, now: Self.now),
            TemplateSet.Request(
                kind: kind, priority: .low, destination: "ops", type: type.name, hasFields: type.hasFields, dialect: type.dialect,
                html: type.htmlDialect))
        #expect(!rendered.title.contains("\n"))
        for line in lines(rendered.body) {
            let bare = line.drop { $0 == " " }
            for label in Self.labels where bare.hasPrefix(label.trimmed) && line.contains("evil") {
                // Our own label before a name or a text on one line, or before the first line of a reason.
                let words = String(bare.dropFirst(label.trimmed.count).drop { $0 == ":" }).trimmed
                #expect(words.hasPrefix("harmless"), "\(type.name): \(line)")
            }
        }
    }

    @Test func `a name is one line wherever it is shown`() throws {
        let house = ForeignTextTests.origin.automation ?? ""
        #expect(Terminal.table([["A", house], ["B", "x"]]).split(separator: "\n").count == 2)
    }
}

extension Detail {
    /// The detail as the wire gives it: repaired.
    fileprivate var repairedAsRead: Detail {
        switch self {
        case .notification(var detail):
            detail.message = detail.message.repaired()
            return .notification(detail)
        case .run(var detail):
            detail.error = detail.error?.repaired()
            detail.summary = detail.summary?.repaired()
            return .run(detail)
        case .approval(var detail):
            detail.action = detail.action?.repaired()
            detail.reason = detail.reason?.repaired()
            return .approval(detail)
        case .digest, .relay, .absence: return self
        }
    }
}

/// A message that cannot show everything has no button that decides, says so, and offers the page, which shows it.
struct EverythingShownTests {
    private static let discord = DiscordKey()
    /// Every type with buttons, as one destination.
    private static let types: [(name: String, kind: InboxMessage.Kind, keys: String)] = [
        ("slack", .slack, InboxMessage.Kind.slack.keys(base: House.service(.slack)) + ", signing_secret: \"a secret\""),
        ("slack bot", .slackBot, InboxMessage.Kind.slackBot.keys(base: House.service(.slackBot)) + ", signing_secret: \"a secret\""),
        ("mattermost", .mattermost, InboxMessage.Kind.mattermost.keys(base: House.service(.mattermost))),
        ("telegram", .telegram, InboxMessage.Kind.telegram.keys(base: House.service(.telegram))),
        ("discord", .discord, InboxMessage.Kind.discord.keys(base: House.service(.discord)) + ", public_key: \"\(discord.publicKey)\""),
    ]

    private static let many: JSONValue = .object(
        Dictionary(uniqueKeysWithValues: (0..<25).map { ("a_\($0)", JSONValue.string("harmless")) } + [("z_transfer_to", "ATTACKER")]))
    /// What the message cannot show whole, and a part of it that must be on the page.
    private static let hidden: [(action: String, actions: JSONValue, part: String)] = [
        ("Refund 12 EUR?", many, "z_transfer_to: ATTACKER"),
        ("Refund 12 EUR?", ["note": .string(String(repeating: "a", count: 250) + " ATTACKER")], "ATTACKER"),
        (String(repeating: "Refund. ", count: 3_000) + "ATTACKER", .null, "ATTACKER"),
        ("Refund 12 EUR?", .object([String(repeating: "n", count: 250): "ATTACKER"]), "ATTACKER"),
        (
            "Refund 12 EUR?",
            .object(Dictionary(uniqueKeysWithValues: (0..<19).map { ("a_\($0)", .string(String(repeating: "<*_", count: 62))) })), "a_18"
        ),
    ]

    @Test(arguments: types.indices, hidden.indices)
    func `what is not shown is said, has no button, and is on the page`(type: Int, case index: Int) async throws {
        let (name, kind, keys) = Self.types[type], (action, actions, part) = Self.hidden[index]
        let scene = try await DecidingScene(destination: keys, action: action, actions: actions)
        let message = try #require(await scene.house.inbox.messages(kind: kind).first)
        let isWhole = message.words.replacing("\\", with: "").contains(part) && !message.words.contains("; open the page")
        // A type with more room than the others may show it.
        #expect(message.button("approve") == nil || isWhole, "\(name): \(message.words.suffix(300))")
        if !isWhole { #expect(message.words.contains("; open the page to read all"), "\(name): \(message.words.suffix(600))") }
        let page = await scene.get(try scene.token())
        #expect(page.html.contains(part) && page.offersForm)
        if index == 0 { #expect(page.html.contains("<summary>6 more fields</summary>")) }
    }

    @Test func `a mail says it above its link, in both parts`() async throws {
        let mail = "type: email, server: \"smtps://mail.example:465\", from: relay@example.com, to: [ann@example.com]"
        let scene = try await DecidingScene(destination: mail, actions: Self.many)
        let sent = String(decoding: try #require(scene.house.mail.mails.first).message, as: UTF8.self).replacing("=\r\n", with: "")
        let parts = sent.ranges(of: "19 of 26 fields; open the page to read all")
        try #require(parts.count == 2, "\(sent)")
        let link = try #require(sent.firstRange(of: "Decide: http"))
        #expect(parts[0].lowerBound < link.lowerBound)
        #expect(sent.contains("<strong>This shows 19 of 26 fields"))
    }

    @Test(arguments: types.indices) func `what is shown whole has its buttons, and every field is there`(type: Int) async throws {
        let (name, kind, keys) = Self.types[type]
        let actions: JSONValue = .object(
            Dictionary(uniqueKeysWithValues: (0..<20).map { ("field\($0)x", JSONValue.string("value\($0)x")) }))
        let scene = try await DecidingScene(destination: keys, action: "Refund 12 EUR?", actions: actions)
        let message = try #require(await scene.house.inbox.messages(kind: kind).first)
        #expect(message.button("approve") != nil, "\(name)")
        for number in 0..<20 { #expect(message.words.contains("value\(number)x"), "\(name)") }
        #expect(!message.words.contains("open the page"))
    }
}
