import Channels
import Foundation
import HummingbirdCore
import Logging
import NIOCore
import RelayCore
import RelaySupport
import Testing
import Transport

@testable import NotifyRelay
@testable import RevKeen
@testable import SignIn

/// `docs/security.md` says the bounds that the program has, and each protection in `docs/approvals.md` has the tests that it names.
struct SecurityPageTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..").standardized

    private static func page(_ name: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent("docs/\(name)"), encoding: .utf8)
    }

    /// The rows of the first table under a heading, without its head.
    private static func rows(of page: String, under heading: String) throws -> [[String]] {
        let text = try #require(page.components(separatedBy: "\n## \(heading)\n").dropFirst().first)
        let table = text.components(separatedBy: "\n").drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
        return table.dropFirst(2).map { row in
            row.components(separatedBy: "|").dropFirst().dropLast().map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    /// The names of all tests.
    private static func tests() throws -> Set<String> {
        var names = Set<String>()
        let files = try #require(FileManager.default.enumerator(at: root.appendingPathComponent("Tests"), includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            for match in try String(contentsOf: file, encoding: .utf8).matches(of: /func `([^`]+)`/) { names.insert(String(match.1)) }
        }
        return names
    }

    @Test func `each protection of a decision names tests, and they exist`() throws {
        let rows = try Self.rows(of: Self.page("approvals.md"), under: "What protects it"), tests = try Self.tests()
        #expect(rows.count >= 13)
        for row in rows {
            #expect(row.count == 3, "\(row)")
            let named = try #require(row.last).matches(of: /`([^`]+)`/).map { String($0.1) }
            #expect(!named.isEmpty, "\(row[0])")
            #expect(named.filter { !tests.contains($0) } == [], "\(row[0])")
        }
    }

    private func seconds(_ amount: TimeAmount) -> String { "\(amount.nanoseconds / 1_000_000_000) s" }

    @Test func `the bounds are those of the program`() async throws {
        let head = ListenerBounds.decoder
        let listener = ListenerBounds()
        let bounds = [
            ("connections to a listener at once", "\(listener.connections), \(listener.connectionsOfOne) of one address"),
            (
                "the head of a request",
                "\(seconds(listener.head)), \(head.maxHeaderListSize / 1_024) KiB, \(head.maxHeaderFieldCount) fields of at most \(head.maxHeaderFieldSize / 1_024) KiB"
            ),
            ("requests of a connection", "one at a time: the next is read when the response has left"),
            ("the rest of a request", "\(seconds(listener.body))"),
            (
                "the body of a request to `public_listen`",
                "\(PublicServer.patience.components.seconds) s, \(PublicServer.mostBody / 1_024) KiB"
            ),
            ("bodies of all requests to a listener together", "\(listener.bodies / 1_048_576) MiB"),
            (
                "a request that is sent before the response to the last one",
                "waits \(ListenerBounds.pause.nanoseconds / 1_000_000) ms"
            ),
            ("working on a request", "\(seconds(listener.work))"),
            ("a response that is not read", "\(seconds(listener.flush))"),
            (
                "what a connection may still send after its last response",
                "\(seconds(listener.lingering)), \(ListenerBounds.mostThrownAway / 1_024) KiB"
            ),
            ("the form of a page", "\(DecisionPages.mostBody / 1_024) KiB"),
            (
                "a sign-in",
                "\(SignInTicket.patience.components.seconds) s at the issuer; a token of \(IDToken.mostBytes / 1_024) KiB"
            ),
            ("age of a callback from Slack or Discord", "\(SlackCallback.window) s"),
            ("wrong signatures in a minute", "\(GuessLimit.mostForOne) for one link, \(GuessLimit.mostInAll) in all"),
            ("a key that signs links", "at least \(LinkKeys.leastBytes) bytes"),
            ("an answer of RevKeen", "\(RevKeenClient.maximumAnswer / 1_000_000) MB"),
            ("an answer of a destination", "\(HTTPRequest("GET", Secret("")).maximumAnswer / 1_024) KiB"),
            ("depth of JSON", "\(JSONBounds.item.depth) levels"),
            ("one entry of an answer of RevKeen", "\(JSONBounds.item.nodes) values; each text \(JSONBounds.item.string / 1_000_000) MB"),
            ("entries of a list", "as many as were asked for, at most \(RevKeenClient.mostEntries)"),
            ("answers of RevKeen over \(LargeAnswers.small / 1_000_000) MB", "one at a time"),
            ("steps of a redaction path", "\(RedactionPath.mostSegments)"),
            ("a configuration file with its aliases", "\(AliasExpansion.most / 1_000_000) MB"),
        ]
        let rows = try Self.rows(of: Self.page("security.md"), under: "Bounds").map { ($0[0], $0[1]) }
        for (what, bound) in bounds { #expect(rows.first { $0.0 == what }?.1 == bound, "\(what)") }
        #expect(SlackCallback.window == DiscordCallback.window)
        #expect(String(repeating: "x", count: 30_000).repaired() == String(repeating: "x", count: 20_000) + "…")
    }

    @Test(arguments: [
        "## What is trusted", "## What is not trusted", "## Bounds", "## Files", "## Outgoing", "## How to report", "100.100.100.200",
        "192.0.0.192", "168.63.129.16", "fd20:ce::254", "fd00:ec2::254", "169.254.170.2", "allow_link_local",
    ])
    func `it says what one needs to know`(words: String) throws { #expect(try Self.page("security.md").contains(words)) }
}
