import Foundation
import RelayCore
import RelaySupport
import Testing

@testable import NotifyRelay

/// The demo as a person runs it, while its port is taken.
enum Demo {
    struct Findings: Sendable {
        /// The first address on standard output.
        var first: String?
        /// The contents of the pages of chat and of mail.
        var chat: String
        var mail: String
        var exit: Int32?
        var out: String
        var err: String
    }

    static let chatWords = [
        "Usage report for October", "Sent 18 payment reminders", "Bank statement and ledger differ", "Card testing suspected",
        "Approval needed", "Refund €1,240.00 to Northwind Trading", "Run failed", "Two transfers have no counterpart",
    ]
    static let mailWords = [
        "Usage digest: Usage report for October", "Payment reminders: Sent 18 payment reminders",
        "Important: Payout reconciliation: Bank statement",
        "URGENT: Fraud watch: Card testing suspected", "Approval needed: Refund desk", "Run failed: Payout reconciliation",
    ]

    static func play() async throws -> Findings {
        // If this cannot take the port, another process has it. The port is taken in both cases.
        let taken = try? Listener(port: 8025)
        defer { withExtendedLifetime(taken) {} }
        let place = try Workplace()
        let demo = try RelayProcess(["demo"], in: place.folder)
        _ = await comesTrue { address(in: demo.outputText) != nil }
        guard let first = address(in: demo.outputText) else {
            demo.kill()
            return Findings(chat: "", mail: "", out: demo.outputText, err: demo.errorText)
        }
        var chat = "", mail = ""
        _ = await comesTrue {
            chat = await Web.get(first + "chat")?.body ?? ""
            mail = await Web.get(first + "mail")?.body ?? ""
            return chatWords.allSatisfy(chat.contains) && mailWords.allSatisfy(mail.contains)
        }
        let exit = await demo.stopped(by: SIGINT)
        return Findings(first: first, chat: chat, mail: mail, exit: exit, out: demo.outputText, err: demo.errorText)
    }

    private static func address(in text: String) -> String? {
        text.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("http://") }.map(String.init)
    }
}

struct DemoTests {
    @Test func `the first address that it prints is the inbox page, on another port if its own is taken`() async throws {
        let seen = try await SlowScenes.demo.value
        let first = try #require(seen.first, "\(seen.out)\(seen.err)")
        #expect(first.hasPrefix("http://127.0.0.1:") && !first.contains(":8025"))
        #expect(seen.chat.contains("NotifyRelay inbox"))
    }

    @Test(arguments: Demo.chatWords) func `the chat shows within seconds`(words: String) async throws {
        #expect(try await SlowScenes.demo.value.chat.contains(words))
    }

    @Test(arguments: Demo.mailWords) func `among the mails there is within seconds`(words: String) async throws {
        #expect(try await SlowScenes.demo.value.mail.contains(words))
    }

    @Test func `its pages need no script`() async throws {
        let seen = try await SlowScenes.demo.value
        #expect(!seen.chat.contains("<script") && !seen.mail.contains("<script"))
    }

    @Test func `Ctrl-C ends it with 0, and nothing was complained of`() async throws {
        let seen = try await SlowScenes.demo.value
        #expect(seen.exit == 0)
        #expect(seen.err.isEmpty, "\(seen.err)")
    }

    @Test func `a port that was asked for and is taken ends it, and names the option`() async throws {
        let taken = try Listener(), place = try Workplace()
        let demo = try RelayProcess(["demo", "--port", "\(taken.port)"], in: place.folder)
        #expect(await demo.ended() == 69)
        #expect(demo.errorText.contains("--port: 127.0.0.1:\(taken.port)"), "\(demo.errorText)")
        withExtendedLifetime(taken) {}
    }
}
