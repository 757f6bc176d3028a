import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import Transport

/// A machine that has no thread left fails requests, and ends nothing.
struct ExhaustedTests {
    /// The system gives a thread from the second time on.
    private func secondTime() -> BlockingThread.Start {
        let times = Locked(0)
        return { body in
            let isFirst = times.withLock { times in
                times += 1
                return times == 1
            }
            return isFirst ? false : BlockingThread.start(body)
        }
    }

    @Test func `a request without a thread fails as not sent, and the next one tries again`() async throws {
        let server = SandboxServer(world: StandInRevKeen(clock: SystemClock(), seed: 1), inbox: Inbox())
        let addresses = try await server.start()
        let client = HTTPClient(startThread: secondTime())
        let request = HTTPRequest("POST", Secret(addresses.slackHook), body: Array("{\"text\":\"hello\"}".utf8))
        let error = await #expect(throws: TransportError.self) { try await client.send(request) }
        #expect(error == .exhausted("thread") && error?.sent == false)
        #expect(try await client.send(request).status == 200)
        client.shutdown()
        await server.stop()
    }

    @Test func `a client that never got a thread can be shut down`() async throws {
        let client = HTTPClient(startThread: { _ in false })
        client.shutdown()
        let error = await #expect(throws: TransportError.self) { try await client.send(HTTPRequest("GET", Secret("http://127.0.0.1:1"))) }
        #expect(error?.reason == .cancelled)
    }

    @Test func `a mail and a greeting without a thread fail as not sent, and the next one tries again`() async throws {
        let server = ScriptedMailServer()
        defer { server.stop() }
        let address = MailServer(host: "127.0.0.1", port: server.port, security: .plain, ehlo: "relay.test")
        let mail = MailRequest(
            server: address, from: "relay@box.test", to: "ann@box.test", message: Array("Subject: x\r\n\r\nhello\r\n".utf8))
        for sends in [true, false] {
            let client = MailClient(startThread: secondTime())
            let perform = { try await sends ? client.send(mail) : client.ask(address, from: "relay@box.test", to: "ann@box.test") }
            let error = await #expect(throws: TransportError.self) { _ = try await perform() }
            #expect(error == .exhausted("thread") && error?.sent == false)
            _ = try await perform()
            client.shutdown()
        }
        #expect(server.mails.count == 1)
    }
}
