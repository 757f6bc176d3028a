import NIOCore
import NIOPosix
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

@Suite(.timeLimit(.minutes(1)))
struct SandboxServerTests {
    private let world = StandInRevKeen(clock: ManualClock(), seed: 1)
    private let inbox = Inbox(clock: ManualClock())

    /// Starts the server, calls `body` with its addresses, and stops the server.
    private func withSandbox(_ body: (SandboxAddresses) async throws -> Void) async throws {
        let server = SandboxServer(world: world, inbox: inbox)
        let addresses = try await server.start()
        do { try await body(addresses) } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    /// Sends each text once everything received so far satisfies `isReady`, and returns everything that was received.
    private func converse(port: Int, _ texts: [String], isReady: @Sendable (String) -> Bool) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port) {
            channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            var all = "", pending = texts[...]
            if isReady(all), let text = pending.popFirst() { try await outbound.write(ByteBuffer(string: text)) }
            for try await bytes in inbound {
                all += String(buffer: bytes)
                guard isReady(all) else { continue }
                guard let text = pending.popFirst() else { break }
                try await outbound.write(ByteBuffer(string: text))
            }
            return all
        }
    }

    private func get(_ port: Int, _ target: String, method: String = "GET", headers: String = "", body: String = "") async throws -> String
    {
        let request =
            "\(method) \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
        return try await converse(port: port, [request]) { $0.isEmpty }
    }

    @Test func `the API, the hooks and the page answer over a socket`() async throws {
        await world.addAutomation(name: "Refunds")
        try await withSandbox { addresses in
            #expect(addresses.api == "http://127.0.0.1:\(addresses.httpPort)/v2")
            let list = try await get(addresses.httpPort, "/v2/automations", headers: "x-api-key: rk_1\r\n")
            #expect(list.hasPrefix("HTTP/1.1 200") && list.contains("Refunds"))
            #expect(list.contains("Date: Tue, 24 Nov 2026 09:00:00 GMT"))
            let posted = try await get(addresses.httpPort, "/hooks/slack/T/B/x", method: "POST", body: #"{"text":"Hello there"}"#)
            #expect(posted.hasPrefix("HTTP/1.1 200") && posted.contains("ok"))
            #expect(try await get(addresses.httpPort, "/").contains("Hello there"))
        }
    }

    @Test func `a dropped connection brings no byte`() async throws {
        await world.arrange { $0.dropEvery = 1 }
        try await withSandbox { addresses in
            let answer = try? await get(addresses.httpPort, "/v2/automations", headers: "x-api-key: rk_1\r\n")
            #expect((answer ?? "").isEmpty)
        }
    }

    @Test func `a mail is taken in a dialogue and one address is refused`() async throws {
        await inbox.arrange { $0.recipients = ["no@y": "550 5.1.1 no such mailbox"] }
        try await withSandbox { addresses in
            let answers = try await converse(
                port: addresses.smtpPort,
                [
                    "EHLO relay\r\n", "MAIL FROM:<a@x>\r\nRCPT TO:<no@y>\r\nRCPT TO:<b@y>\r\nDATA\r\n",
                    "Message-ID: <1@x>\r\nSubject: Hello\r\n\r\n..\r\n.\r\n", "QUIT\r\n",
                ]
            ) { text in
                ["ESMTP NotifyRelay sandbox\r\n", "LOGIN\r\n", "one dot\r\n", "taken\r\n", "bye\r\n"].contains { text.hasSuffix($0) }
            }
            #expect(answers.contains("550 5.1.1 no such mailbox\r\n250 2.1.5 ok\r\n354 "))
            let mail = try #require(await inbox.messages(kind: .mail).first)
            #expect(mail.place == "b@y")
            #expect(mail.identity == "<1@x>")
            #expect(mail.mail?.subject == "Hello")
            #expect(mail.mail?.text == ".\r\n")
        }
    }

    @Test func `a mail whose answer is lost was taken`() async throws {
        await inbox.arrange { $0.dropsAfterDot = 1 }
        try await withSandbox { addresses in
            let mail = "EHLO r\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nx\r\n.\r\n"
            let answers = try await converse(port: addresses.smtpPort, [mail]) { $0.hasSuffix("sandbox\r\n") }
            #expect(answers.hasSuffix("one dot\r\n"))
            #expect(await inbox.count == 1)
        }
    }

    @Test func `a stopped sandbox can be left with a connection open, and its port is taken by nobody`() async throws {
        let server = SandboxServer(world: world, inbox: inbox)
        let addresses = try await server.start()
        #expect(try await server.start() == addresses)
        let idle = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: addresses.httpPort).get()
        // The server accepts connections in order, so once this request has its response, the idle connection is accepted too.
        _ = try await get(addresses.httpPort, "/")
        await server.stop()
        await #expect(throws: (any Error).self) { _ = try await get(addresses.httpPort, "/") }
        try? await idle.close()
    }

    @Test func `a port that is taken is an error of start`() async throws {
        try await withSandbox { addresses in
            var options = SandboxServer.Options()
            options.httpPort = addresses.httpPort
            let second = SandboxServer(world: world, inbox: inbox, options: options)
            await #expect(throws: (any Error).self) { try await second.start() }
        }
    }

    @Test func `two who start at once get the same addresses`() async throws {
        let server = SandboxServer(world: world, inbox: inbox)
        async let one = server.start()
        async let two = server.start()
        #expect(try await one == two)
        await server.stop()
    }
}
