import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

/// Which mails share a connection, what happens to a kept one, and what a greeting does.
@Suite(.timeLimit(.minutes(1)))
struct MailConnectionTests {
    private let client = MailClient()

    private func address(_ server: ScriptedMailServer, password: String? = nil) -> MailServer {
        MailServer(
            host: "127.0.0.1", port: server.port, security: .plain, username: password == nil ? nil : "relay",
            password: password.map { Secret($0) }, loginOptions: password == nil ? nil : "AUTH=PLAIN", ehlo: "relay.test")
    }

    private func send(_ server: MailServer, through client: MailClient? = nil) async throws(TransportError) -> MailResponse {
        try await (client ?? self.client).send(
            MailRequest(
                server: server, from: "relay@box.test", to: "ann@box.test", message: Array("Subject: x\r\n\r\nhello\r\n".utf8)))
    }

    @Test func `mails to one server share a connection and one login`() async throws {
        let server = ScriptedMailServer()
        defer { server.stop() }
        for _ in 0..<5 { #expect(try await send(address(server, password: "sesame")).stage == .accepted) }
        #expect(server.connections == 1 && server.mails.count == 5)
        #expect(server.commands.count { $0.hasPrefix("EHLO relay.test") } == 1)
        #expect(server.commands.count { $0.hasPrefix("AUTH") } == 1)
    }

    @Test func `another password is another connection`() async throws {
        let server = ScriptedMailServer()
        defer { server.stop() }
        for password in ["sesame", nil, "other", "sesame"] { _ = try await send(address(server, password: password)) }
        #expect(server.connections == 3)
    }

    @Test func `a connection that was refused something is not used again`() async throws {
        let server = ScriptedMailServer { said, time in said == "RCPT" && time == 1 ? .say("550 5.1.1 no such user") : nil }
        defer { server.stop() }
        #expect(try await send(address(server)).stage == .recipient)
        #expect(try await send(address(server)).stage == .accepted)
        #expect(server.connections == 2)
    }

    @Test(arguments: [ScriptedMailServer.Act.hangUp, .reset])
    func `a kept connection that dies at the next mail is replaced, and that mail goes once`(act: ScriptedMailServer.Act) async throws {
        let server = ScriptedMailServer { said, time in said == "MAIL" && time == 2 ? act : nil }
        defer { server.stop() }
        for _ in 0..<3 { #expect(try await send(address(server)).stage == .accepted) }
        #expect(server.connections == 2 && server.mails.count == 3)
    }

    @Test func `a kept connection that dies after the next final dot sends nothing again by itself`() async throws {
        let server = ScriptedMailServer { said, time in said == "." && time == 2 ? .hangUp : nil }
        defer { server.stop() }
        _ = try await send(address(server))
        let error = await #expect(throws: TransportError.self) { try await send(address(server)) }
        #expect(error?.sent == true)
        #expect(server.connections == 1 && server.mails.count == 2)
    }

    @Test func `a connection that nobody uses is ended with a QUIT`() async throws {
        let server = ScriptedMailServer()
        defer { server.stop() }
        let hasty = MailClient(idle: .milliseconds(1))
        _ = try await send(address(server), through: hasty)
        await server.waits(for: "QUIT")
        #expect(try await send(address(server), through: hasty).stage == .accepted)
        #expect(server.connections == 2)
        hasty.shutdown()
    }

    @Test func `at its end the client says QUIT on what it kept, and takes no more`() async throws {
        let server = ScriptedMailServer()
        defer { server.stop() }
        _ = try await send(address(server))
        client.shutdown()
        await server.waits(for: "QUIT")
        let error = await #expect(throws: TransportError.self) { try await send(address(server)) }
        #expect(error?.reason == .cancelled && error?.sent == false)
    }

    @Test func `a question logs in, names sender and recipient, and takes them back`() async throws {
        let server = ScriptedMailServer()
        defer { server.stop() }
        let response = try await client.ask(address(server, password: "sesame"), from: "relay@box.test", to: "ann@box.test")
        #expect(response.stage == .accepted && response.code == 250 && response.wasLoginSent)
        #expect(server.mails.isEmpty)
        await server.waits(for: "QUIT")
        #expect(server.commands.map { $0.prefix { $0 != " " } } == ["EHLO", "AUTH", "NOOP", "MAIL", "RCPT", "RSET", "QUIT"])
    }

    @Test func `a question takes a connection of its own`() async throws {
        let server = ScriptedMailServer()
        defer { server.stop() }
        _ = try await send(address(server))
        _ = try await client.ask(address(server), from: "relay@box.test", to: "ann@box.test")
        #expect(server.connections == 2)
    }

    @Test(arguments: [
        ("GREETING", "554 5.3.2 not today", MailResponse.Stage.greeting), ("PASSWORD", "535 5.7.8 wrong", .login),
        ("MAIL", "550 5.7.1 not you", .sender), ("RCPT", "504 5.5.2 <vm>: Helo command rejected", .recipient),
        ("RCPT", "553 5.1.3 bad address", .recipient),
    ])
    func `a question that is refused says by which command`(command: String, reply: String, stage: MailResponse.Stage) async throws {
        let server = ScriptedMailServer(command, .say(reply))
        defer { server.stop() }
        #expect(try await client.ask(address(server, password: "sesame"), from: "relay@box.test", to: "ann@box.test").stage == stage)
    }

    @Test func `a question to a server without STARTTLS tells it no password`() async throws {
        let server = ScriptedMailServer()
        defer { server.stop() }
        var strict = address(server, password: "sesame")
        strict.security = .startTLS
        let error = await #expect(throws: TransportError.self) { try await client.ask(strict, from: "relay@box.test", to: "ann@box.test") }
        #expect(error?.reason == .tls && error?.sent == false)
        #expect(!server.commands.contains { $0.hasPrefix("AUTH") })
    }

    @Test func `where nobody listens a question is unreachable`() async throws {
        let server = ScriptedMailServer()
        server.stop()
        let error = await #expect(throws: TransportError.self) {
            try await client.ask(address(server), from: "relay@box.test", to: "ann@box.test")
        }
        #expect(error?.reason == .unreachable && error?.sent == false)
    }

    /// Some servers delay their greeting, to find clients that do not wait for it.
    @Test func `a slow greeting has the time of a reply, not that of a connection`() async throws {
        let server = ScriptedMailServer("GREETING", .late(milliseconds: 1_200))
        defer { server.stop() }
        var place = address(server, password: "sesame")
        place.connectTimeout = .milliseconds(700)
        #expect(try await send(place).stage == .accepted)
    }

    @Test func `a connection that does not come about is given up in its own time`() async throws {
        let door = FullDoor()
        defer { door.open() }
        var place = MailServer(host: "127.0.0.1", port: door.port, security: .plain)
        place.connectTimeout = .milliseconds(50)
        let error = await #expect(throws: TransportError.self) { try await send(place) }
        #expect(error?.reason == .timeout && error?.sent == false)
    }

    @Test(arguments: ["AUTH", "PASSWORD"], [ScriptedMailServer.Act.hangUp, .reset])
    func `no error about a login holds the password`(command: String, act: ScriptedMailServer.Act) async throws {
        let server = ScriptedMailServer(command, act)
        defer { server.stop() }
        let error = try #require(
            await #expect(throws: TransportError.self) { try await send(address(server, password: "open-sesame")) })
        for text in [error.detail, error.description, "\(error)", String(reflecting: error)] {
            // The password must appear neither in plain text nor in the login's base64.
            #expect(!text.contains("sesame") && !text.contains("AHJlbGF5AG9wZW4"), "\(text)")
        }
    }
}
