import Glibc
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import Transport

/// Tests over real sockets, against the sandbox's mail server.
@Suite(.serialized) struct MailClientTests {
    private func withServer(_ body: (MailClient, Inbox, MailServer) async throws -> Void) async throws {
        let inbox = Inbox()
        let server = SandboxServer(world: StandInRevKeen(clock: SystemClock(), seed: 1), inbox: inbox)
        let addresses = try await server.start()
        let client = MailClient()
        try await body(client, inbox, MailServer(host: "127.0.0.1", port: addresses.smtpPort, security: .plain, ehlo: "relay.example"))
        client.shutdown()
        await server.stop()
    }

    private func mail(_ server: MailServer, to: String = "ops@example.com", text: String = "Hello\r\n.\r\n..dots") -> MailRequest {
        let message = "From: relay@example.com\r\nTo: \(to)\r\nSubject: x\r\nMessage-ID: <1@example.com>\r\n\r\n\(text)\r\n"
        return MailRequest(server: server, from: "relay@example.com", to: to, message: Array(message.utf8))
    }

    @Test func `a mail is accepted and its dots arrive as they were`() async throws {
        try await withServer { client, inbox, server in
            let response = try await client.send(mail(server))
            #expect(response.stage == .accepted)
            #expect(response.code == 250)
            #expect(String(decoding: await inbox.messages()[0].raw, as: UTF8.self).contains("Hello\r\n.\r\n..dots"))
        }
    }

    @Test func `a mail with a gate waits behind another on its connection, and its text until the gate opens`() async throws {
        let server = ScriptedMailServer()
        defer { server.stop() }
        let client = MailClient(), gate = TextGate()
        let address = MailServer(host: "127.0.0.1", port: server.port, security: .plain, ehlo: "relay.example")
        var gated = mail(address, text: "second")
        gated.gate = gate
        var first = mail(address, text: "first")
        first.gate = TextGate(isOpen: true)
        _ = try await client.send(first)
        async let second = client.send(gated)
        try await Task.sleep(for: .milliseconds(100))
        #expect(server.mails.count == 1)
        gate.open()
        #expect(try await second.stage == .accepted)
        #expect(server.mails.count == 2)
        var withheld = mail(address, text: "third")
        withheld.gate = TextGate(refuses: true)
        let error = await #expect(throws: TransportError.self) { _ = try await client.send(withheld) }
        #expect(error?.reason == .cancelled && error?.sent == false)
        #expect(try await client.send(mail(address, text: "fourth")).stage == .accepted)
        #expect(server.mails.count == 3)
        client.shutdown()
    }

    @Test func `mails that line up behind others all end, whatever becomes of the connections`() async throws {
        // Each seventh mail is answered by the end of the connection.
        let server = ScriptedMailServer { command, time in command == "." && time.isMultiple(of: 7) ? .hangUp : nil }
        defer { server.stop() }
        let client = MailClient(), address = MailServer(host: "127.0.0.1", port: server.port, security: .plain, ehlo: "relay.example")
        let ended = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<120 {
                var mail = mail(address, text: "\(number)")
                mail.gate = TextGate(isOpen: true)
                group.addTask { [mail] in (try? await client.send(mail)) != nil }
                if number >= 3 { _ = await group.next() }
            }
            var count = 0
            for await _ in group { count += 1 }
            return count
        }
        #expect(ended == 3)
        #expect(server.mails.count > 90)
        client.shutdown()
    }

    @Test func `fifty mails go one after another`() async throws {
        try await withServer { client, inbox, server in
            for _ in 0..<50 { _ = try await client.send(mail(server)) }
            #expect(await inbox.count(kind: .mail) == 50)
        }
    }

    @Test(arguments: [("450 4.2.0 greylisted", 450, "4.2.0"), ("550 5.1.1 no such user", 550, "5.1.1")])
    func `a refused recipient is an response with its words`(reply: String, code: Int, enhanced: String) async throws {
        try await withServer { client, inbox, server in
            await inbox.arrange { $0.recipients["ops@example.com"] = reply }
            let response = try await client.send(mail(server))
            #expect(response.stage == .recipient)
            #expect(response.code == code)
            #expect(response.enhanced == enhanced)
        }
    }

    @Test func `a recipient refused over a kept connection is no refusal of the sender`() async throws {
        try await withServer { client, inbox, server in
            await inbox.arrange { $0.recipients["gone@example.com"] = "550 5.1.1 no such user" }
            _ = try await client.send(mail(server))
            let response = try await client.send(mail(server, to: "gone@example.com"))
            #expect(response.stage == .recipient)
            #expect(try await client.send(mail(server)).stage == .accepted)
        }
    }

    @Test func `a lost reply to the final dot may mean that it was accepted`() async throws {
        try await withServer { client, inbox, server in
            await inbox.arrange { $0.dropsAfterDot = 1 }
            let error = await #expect(throws: TransportError.self) { try await client.send(mail(server)) }
            #expect(error?.sent == true)
        }
    }

    @Test func `STARTTLS that is demanded and not offered sends nothing`() async throws {
        try await withServer { client, inbox, server in
            var strict = server
            strict.security = .startTLS
            let error = await #expect(throws: TransportError.self) { try await client.send(mail(strict)) }
            #expect(error?.reason == .tls)
            #expect(await inbox.count == 0)
        }
    }

    @Test func `an address that holds a command is refused`() async throws {
        try await withServer { client, inbox, server in
            let error = await #expect(throws: TransportError.self) {
                try await client.send(mail(server, to: "a@b.example>\r\nRCPT TO:<c@d.example"))
            }
            #expect(error?.reason == .badRequest)
            #expect(await inbox.count == 0)
        }
    }
}

struct MIMETests {
    private func mail(subject: String, text: String = "x", html: String? = nil) throws -> String {
        let from = try #require(MailAddress(parsing: "Relay <relay@example.com>")),
            to = try #require(MailAddress(parsing: "ops@example.com"))
        let mail = MIMEMail(
            date: Timestamp(seconds: 1_793_714_709), from: from, to: to, subject: subject, messageID: "1@example.com", text: text,
            html: html,
            boundarySeed: "seed")
        return String(decoding: mail.bytes, as: UTF8.self)
    }

    @Test func `a subject cannot start another header`() throws {
        let text = try mail(subject: "a\r\nBcc: x@example.com\u{85}Cc: y\u{2028}z")
        #expect(text.contains("Subject: a  Bcc") || text.contains("Subject: a Bcc"))
        #expect(!text.contains("\r\nBcc:"))
    }

    @Test func `lines end with CRLF and stay short, whatever the text`() throws {
        let hostile = String(repeating: "👩‍👩‍👧‍👦 ü", count: 200) + "\n" + String(repeating: "x", count: 5_000)
        let bytes = Array(try mail(subject: hostile, text: hostile, html: hostile).utf8)
        var length = 0
        for (index, byte) in bytes.enumerated() {
            if byte == 10 {
                #expect(index > 0 && bytes[index - 1] == 13)
                #expect(length <= 79)
                length = 0
            } else {
                length += 1
                #expect(byte < 128)
            }
        }
    }

    @Test func `the date is written as mail wants it`() {
        #expect(Timestamp(seconds: 1_793_714_709).mailDate == "Tue, 03 Nov 2026 14:05:09 +0000")
    }

    @Test(arguments: ["a@b", "x.y+z@sub.example.com", "Relay <a@b.example>", "\"Kim, Ops\" <a@b.example>"])
    func `a plain address is taken`(text: String) { #expect(MailAddress(parsing: text) != nil) }

    @Test(arguments: ["", "a", "a@", "@b", "a b@c", "a@b\r\nBcc: c@d", "a@-b", "a..b@c", "a@b>", "<a@b>, <c@d>", "ä@b.example", "\"a\"@b"])
    func `anything else is refused`(text: String) { #expect(MailAddress(parsing: text) == nil, "\(text)") }
}

/// A gate that a test opens.
private final class TextGate: HandoverGate {
    let isAhead = true
    private let isOpen: Locked<Bool>
    private let refuses: Bool

    init(isOpen: Bool = false, refuses: Bool = false) {
        self.isOpen = Locked(isOpen)
        self.refuses = refuses
    }

    func open() { isOpen.withLock { $0 = true } }

    func enter(unless isCancelled: () -> Bool) -> Bool {
        if refuses { return false }
        while !isOpen.withLock({ $0 }) { usleep(1_000) }
        return true
    }
}
