import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

/// What each reply, and each missing reply, says about a mail.
@Suite(.timeLimit(.minutes(1)))
struct MailDialogueTests {
    private let client = MailClient()

    private func address(_ server: ScriptedMailServer, password: String? = nil, _ security: MailServer.Security = .plain) -> MailServer {
        MailServer(
            host: "127.0.0.1", port: server.port, security: security, username: password == nil ? nil : "relay",
            password: password.map { Secret($0) }, loginOptions: password == nil ? nil : "AUTH=PLAIN", ehlo: "relay.test")
    }

    private func mail(_ server: MailServer, text: String = "hello") -> MailRequest {
        MailRequest(
            server: server, from: "relay@box.test", to: "ann@box.test", message: Array("Subject: x\r\n\r\n\(text)\r\n".utf8))
    }

    /// Replies up to the login.
    private static let early: [(command: String, reply: String, stage: MailResponse.Stage)] = [
        ("GREETING", "554 5.3.2 not today", .greeting), ("GREETING", "421 4.3.2 busy", .greeting),
        ("EHLO HELO", "550 5.7.1 who are you?", .hello), ("EHLO HELO", "421 4.3.2 busy", .hello),
        ("STARTTLS", "454 4.7.0 no TLS now", .startTLS), ("STARTTLS", "502 5.5.1 no TLS", .startTLS),
        ("AUTH", "454 4.7.0 later", .login), ("AUTH", "504 5.5.4 unknown mechanism", .login),
        ("PASSWORD", "535 5.7.8 wrong", .login), ("PASSWORD", "454 4.7.0 later", .login),
    ]
    /// Replies to the commands of a mail.
    private static let late: [(command: String, reply: String, stage: MailResponse.Stage)] = [
        ("MAIL", "530 5.7.0 log in first", .sender), ("MAIL", "451 4.3.0 later", .sender), ("MAIL", "550 5.7.1 not you", .sender),
        ("MAIL", "421 4.3.2 busy", .sender), ("RCPT", "450 4.2.0 greylisted", .recipient), ("RCPT", "550 5.1.1 no such user", .recipient),
        ("RCPT", "421 4.3.2 busy", .recipient), ("RCPT", "454 4.7.1 relaying denied", .recipient), ("DATA", "451 4.3.0 later", .data),
        ("DATA", "554 5.6.0 no", .data), (".", "451 4.3.0 later", .data), (".", "552 5.2.2 full", .data), (".", "554 5.7.1 spam", .data),
    ]

    @Test(arguments: early + late)
    func `a refusal names the command that was refused, with its code and words`(
        command: String, reply: String, stage: MailResponse.Stage
    ) async throws {
        let commands = command.split(separator: " ").map(String.init)
        let server = ScriptedMailServer(extensions: ["STARTTLS", "AUTH PLAIN"]) { said, _ in commands.contains(said) ? .say(reply) : nil }
        defer { server.stop() }
        let needsLogin = ["AUTH", "PASSWORD"].contains(command)
        let response = try await client.send(
            mail(address(server, password: needsLogin ? "sesame" : nil, command == "STARTTLS" ? .startTLS : .plain)))
        let words = reply.split(separator: " ", maxSplits: 1)
        #expect(response.stage == stage)
        #expect(response.code == Int(words[0]) && response.text == words[1])
        #expect(response.enhanced == words[1].split(separator: " ").first.map(String.init))
        #expect(server.mails.count == (command == "." ? 1 : 0))
    }

    @Test(arguments: late.filter { $0.command != "MAIL" && !$0.reply.hasPrefix("421") })
    func `on a kept connection a refusal names the same command`(command: String, reply: String, stage: MailResponse.Stage) async throws {
        let server = ScriptedMailServer { said, time in said == command && time == 2 ? .say(reply) : nil }
        defer { server.stop() }
        #expect(try await client.send(mail(address(server))).stage == .accepted)
        #expect(try await client.send(mail(address(server))).stage == stage)
        #expect(server.connections == 1)
    }

    /// The reply may be older than our command, so it is not taken for the answer to it.
    @Test(arguments: [
        ("MAIL", "451 4.4.2 Timeout waiting for data from client."), ("MAIL", "421 4.4.2 timeout exceeded"),
        ("MAIL", "550 5.7.1 not you"), ("RCPT", "421 4.3.2 busy"), ("RCPT", "451 4.4.2 timeout"), ("DATA", "421 4.3.2 busy"),
    ])
    func `a stale word on a kept connection leads to a new connection at once`(command: String, reply: String) async throws {
        let server = ScriptedMailServer { said, time in said == command && time == 2 ? .say(reply) : nil }
        defer { server.stop() }
        #expect(try await client.send(mail(address(server))).stage == .accepted)
        #expect(try await client.send(mail(address(server))).stage == .accepted)
        #expect(server.connections == 2 && server.mails.count == 2)
    }

    @Test(arguments: ["451 4.4.2 Timeout waiting for data from client.", "421 4.4.2 timeout", "221 2.0.0 bye", "554 5.4.7 expired"])
    func `a server that says goodbye to a silent connection delays no mail`(word: String) async throws {
        let server = RawServer { connection, number in
            var talk = SilentTalk(connection: connection)
            talk.carryOneMail()
            guard number == 1 else { return }
            connection.write(word + "\r\n")
        }
        defer { server.stop() }
        let place = MailServer(host: "127.0.0.1", port: server.port, security: .plain, ehlo: "relay.test")
        #expect(try await client.send(mail(place)).stage == .accepted)
        try await ContinuousClock().sleep(for: .milliseconds(100))
        #expect(try await client.send(mail(place)).stage == .accepted)
        #expect(server.connections == 2)
    }

    @Test func `the dialogue says which logins were offered and whether one was tried`() async throws {
        let none = ScriptedMailServer(extensions: [])
        defer { none.stop() }
        let untried = try await client.send(mail(address(none, password: "sesame")))
        #expect(untried.stage == .accepted && !untried.wasLoginSent && untried.offeredLogins.isEmpty)
        let some = ScriptedMailServer("PASSWORD", .say("535 5.7.8 wrong"), extensions: ["AUTH CRAM-MD5 PLAIN LOGIN"])
        defer { some.stop() }
        let tried = try await client.send(mail(address(some, password: "sesame")))
        #expect(tried.stage == .login && tried.wasLoginSent && tried.offeredLogins == ["CRAM-MD5", "PLAIN", "LOGIN"])
    }

    /// A reset instead of a greeting is left out: it can come so early that there is no connection at all.
    private static let breaks =
        [("GREETING", ScriptedMailServer.Act.hangUp)] + ["EHLO", "MAIL", "RCPT", "DATA"].flatMap { [($0, .hangUp), ($0, .reset)] }

    @Test(arguments: breaks)
    func `a connection that ends before the mail was handed over sent nothing`(command: String, act: ScriptedMailServer.Act) async throws {
        let server = ScriptedMailServer(command, act)
        defer { server.stop() }
        let error = await #expect(throws: TransportError.self) { try await client.send(mail(address(server))) }
        #expect(error?.reason == .noAnswer && error?.sent == false)
        #expect(server.mails.isEmpty)
    }

    @Test(arguments: [ScriptedMailServer.Act.hangUp, .reset])
    func `a connection that ends after the final dot may have taken it`(act: ScriptedMailServer.Act) async throws {
        let server = ScriptedMailServer(".", act)
        defer { server.stop() }
        let error = await #expect(throws: TransportError.self) { try await client.send(mail(address(server))) }
        #expect(error?.reason == .noAnswer && error?.sent == true)
        #expect(server.mails.count == 1)
    }

    /// The other wait stays long, so that the suite's time limit ends a test that uses the wrong one.
    @Test(arguments: ["GREETING", "RCPT", "."])
    func `no reply in its own time is a timeout, which says whether the mail was handed over`(command: String) async throws {
        let server = ScriptedMailServer(command, .keepSilent)
        defer { server.stop() }
        var place = address(server)
        if command == "." { place.finalTimeout = .milliseconds(50) } else { place.replyTimeout = .milliseconds(50) }
        let error = await #expect(throws: TransportError.self) { try await client.send(mail(place)) }
        #expect(error?.reason == .timeout && error?.sent == (command == "."))
        #expect(error?.detail == (command == "." ? "no reply to the final dot" : "no reply in time"))
    }

    @Test func `a mail that is cancelled before its final dot is not delivered`() async throws {
        let server = ScriptedMailServer("RCPT", .keepSilent)
        defer { server.stop() }
        let request = mail(address(server))
        let sending = Task { try await client.send(request) }
        await server.waits(for: "RCPT")
        sending.cancel()
        let error = await #expect(throws: TransportError.self) { try await sending.value }
        #expect(error?.reason == .cancelled && error?.sent == false)
        await server.waits(for: "END")
        #expect(server.mails.isEmpty && !server.commands.contains("DATA"))
    }

    @Test func `a mail that is cancelled in the middle of its text is not delivered`() async throws {
        let server = ScriptedMailServer("DATA", .pause)
        defer { server.stop() }
        let request = mail(address(server), text: String(repeating: String(repeating: "x", count: 98) + "\r\n", count: 200_000))
        let sending = Task { try await client.send(request) }
        await server.waits(for: "DATA")
        sending.cancel()
        let error = await #expect(throws: TransportError.self) { try await sending.value }
        #expect(error?.reason == .cancelled && error?.sent == false)
        server.readOn()
        await server.waits(for: "END")
        #expect(server.mails.isEmpty)
    }

    @Test func `a mail that is cancelled after its final dot may be delivered`() async throws {
        let server = ScriptedMailServer(".", .keepSilent)
        defer { server.stop() }
        let request = mail(address(server))
        let sending = Task { try await client.send(request) }
        await server.waits(for: ".")
        sending.cancel()
        let error = await #expect(throws: TransportError.self) { try await sending.value }
        #expect(error?.reason == .cancelled && error?.sent == true)
    }
}

/// A server that takes one mail on a connection.
private struct SilentTalk {
    let connection: RawConnection
    private var buffer: [UInt8] = []

    init(connection: RawConnection) { self.connection = connection }

    mutating func carryOneMail() {
        connection.write("220 box.test\r\n")
        var isText = false
        while let line = line() {
            if isText {
                if line == "." { return connection.write("250 2.0.0 queued\r\n") }
            } else if line.hasPrefix("DATA") {
                isText = true
                connection.write("354 go on\r\n")
            } else {
                connection.write("250 ok\r\n")
            }
        }
    }

    private mutating func line() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                defer { buffer.removeSubrange(...end) }
                return String(decoding: buffer[..<end].filter { $0 != 13 }, as: UTF8.self)
            }
            guard let more = connection.bytes() else { return nil }
            buffer += more
        }
    }
}
