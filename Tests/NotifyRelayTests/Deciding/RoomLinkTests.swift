import Channels
import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing
import Transport

@testable import NotifyRelay

/// A room is read by people who may not decide. In every kind of destination its link leads to a page on which the reader signs in and decides
/// as themselves, and the room is told.
struct RoomLinkTests {
    /// A kind of room.
    struct Room: Sendable, CustomTestStringConvertible {
        var name: String
        var keys: String
        /// The message is edited; else another one follows.
        var isEdited: Bool
        /// The messages that came, as their readers see them, with the number of their edits.
        var messages: @Sendable (House) async throws -> [(text: String, edits: Int)]

        var testDescription: String { name }

        init(_ kind: InboxMessage.Kind) {
            let type = [.mail: "email", .slackBot: "slack"][kind] ?? kind.rawValue
            self.init(
                type,
                kind == .mail
                    ? Self.mailKeys : kind.keys(base: kind == .webhook ? "https://inbox.example/hooks/web/ops" : House.service(kind)),
                isEdited: Self.editing.contains(kind)
            ) {
                kind == .mail
                    ? $0.mail.mails.map { (Self.mailText($0.message), 0) }
                    : await $0.inbox.messages(kind: kind).map { ($0.words, $0.edits) }
            }
        }

        init(
            _ name: String, _ keys: String, isEdited: Bool,
            messages: @escaping @Sendable (House) async throws -> [(text: String, edits: Int)]
        ) {
            (self.name, self.keys, self.isEdited, self.messages) = (name, keys, isEdited, messages)
        }

        private static func mailText(_ bytes: [UInt8]) -> String {
            let mail = MailMessage(bytes)
            return mail.subject + "\n" + (mail.text ?? "")
        }

        private static let mailKeys = """
            type: email, server: "smtps://mail.example:465", from: relay@example.com, to: [team@example.com]
            """
        private static let editing: Set<InboxMessage.Kind> = [.discord, .telegram, .slackBot, .matrix, .zulip, .ntfy, .pagerduty]
    }

    static let rooms =
        InboxMessage.Kind.allCases.map { Room($0) } + [
            Room("console", "type: console", isEdited: false) { $0.printed.lines.map { ($0, 0) } },
            Room("file", "type: file, folder: drop", isEdited: false) { house in
                try String(contentsOfFile: house.place + "drop/messages.jsonl", encoding: .utf8).split(separator: "\n").map {
                    (String($0), 0)
                }
            },
        ]

    @Test func `every kind of destination is tried`() {
        #expect(Set(Self.rooms.map(\.name)) == Set(Catalogue.types.map(\.name)))
    }

    @Test(arguments: rooms) func `the link of a room is decided by whoever signs in and may`(room: Room) async throws {
        let house = try await House(
            House.file(
                destinations: "ops: {\(room.keys)}", routes: "{name: all, when: {kind: approval}, to: [ops], approvers: [ann]}",
                rest: DecidingScene.people + """

                    server:
                      public_listen: "127.0.0.1:0"
                      public_url: "https://relay.example"
                      sign_in: {header: {name: X-Who, from: ["192.0.2.0/24"]}}
                    """), channels: .real)
        let site = await house.site()
        try await house.look()
        let id = await house.world.requestApproval(
            run: await house.world.startRun(of: house.world.addAutomation(name: "Refunds")), action: "Refund 12 EUR?")
        try await house.look()
        await house.deliver()
        let request = try #require(try await room.messages(house).first?.text.replacing("\\/", with: "/"))
        let link = try #require(request.firstMatch(of: /https:\/\/relay\.example(\/a\/[A-Za-z0-9._~-]+)/)?.1, "\(request)")

        let nobody = Browser(site), bob = Browser(site), ann = Browser(site)
        (bob.headers, ann.headers) = ([("x-who", "bob@example.com")], [("x-who", "ann@example.com")])
        let page = await nobody.open(String(link))
        #expect(page.html.contains("/sign-in?to=") && !page.html.contains("name=\"verdict\""))
        #expect(await !bob.open(String(link)).html.contains("name=\"verdict\""))
        #expect(await ann.open(String(link)).html.contains("You decide as <strong>ann</strong>"))
        #expect(await ann.post(["verdict": "approve", "reason": ""]).html.contains("Approved by ann"))
        #expect(await house.world.decisions.map(\.approval) == [id])

        try await house.look()
        house.clock.advance(by: .minutes(1))
        await house.deliver()
        let told = try await room.messages(house)
        #expect(told.map(\.edits) == (room.isEdited ? [1] : [0, 0]))
        let said = try #require(told.last?.text)
        #expect(said.contains("approved") && said.contains("ann"), "\(said)")
    }
}
