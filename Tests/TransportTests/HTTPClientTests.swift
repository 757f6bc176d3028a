import RelayCore
import RelaySupport
import Sandbox
import Testing

@testable import Transport

/// Tests over real sockets, against the sandbox.
@Suite(.serialized) struct HTTPClientTests {
    private func withInbox(_ body: (HTTPClient, Inbox, SandboxAddresses) async throws -> Void) async throws {
        let inbox = Inbox()
        let server = SandboxServer(world: StandInRevKeen(clock: SystemClock(), seed: 1), inbox: inbox)
        let addresses = try await server.start()
        let client = HTTPClient()
        try await body(client, inbox, addresses)
        client.shutdown()
        await server.stop()
    }

    private func post(_ url: String, _ text: String = "{\"text\":\"hello\"}") -> HTTPRequest {
        HTTPRequest("POST", Secret(url), headers: [("Content-Type", Secret("application/json"))], body: Array(text.utf8))
    }

    @Test func `a post arrives whole and its response comes back`() async throws {
        try await withInbox { client, inbox, addresses in
            let response = try await client.send(post(addresses.slackHook))
            #expect(response.status == 200)
            #expect(String(decoding: response.body, as: UTF8.self) == "ok")
            #expect(await inbox.messages().first?.raw == Array("{\"text\":\"hello\"}".utf8))
        }
    }

    @Test func `a PUT and a PATCH carry their bodies as a POST does`() async throws {
        try await withInbox { client, inbox, addresses in
            let words = #"{"msgtype":"m.text","body":"hello","m.mentions":{}}"#
            var put = post(addresses.service(.matrix) + "/_matrix/client/v3/rooms/%21r/send/m.room.message/1", words)
            put.method = "PUT"
            put.headers.append(("Authorization", Secret("Bearer x")))
            let putAnswer = try await client.send(put)
            #expect(putAnswer.status == 200)
            #expect(await inbox.messages().first?.raw == Array(words.utf8))

            let form = [(name: "Content-Type", value: Secret("application/x-www-form-urlencoded"))]
            var patch = post(addresses.service(.zulip) + "/api/v1/messages/1", "content=changed")
            patch.method = "PATCH"
            patch.headers = form + [("Authorization", Secret("Basic YUBiOms="))]
            let patchAnswer = try await client.send(patch)
            #expect(patchAnswer.status == 200)
            #expect(await inbox.messages().map(\.raw) == [Array("content=changed".utf8)])
        }
    }

    @Test func `many posts at once all arrive`() async throws {
        try await withInbox { client, inbox, addresses in
            let request = post(addresses.webhook)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<100 { group.addTask { try await client.send(request).status } }
                for try await status in group { #expect((200..<300).contains(status)) }
            }
            #expect(await inbox.count == 100)
        }
    }

    @Test func `a receiver that never answers is a timeout after sending`() async throws {
        try await withInbox { client, inbox, addresses in
            await inbox.arrange { $0.hookDelay = .seconds(5) }
            var request = post(addresses.webhook)
            request.timeout = .milliseconds(200)
            await #expect(throws: TransportError(.timeout, sent: true, "no answer in time")) { try await client.send(request) }
        }
    }

    @Test func `a cancelled request ends at once`() async throws {
        try await withInbox { client, inbox, addresses in
            await inbox.arrange { $0.hookDelay = .seconds(5) }
            let request = post(addresses.webhook)
            let task = Task { try await client.send(request) }
            task.cancel()
            let error = await #expect(throws: TransportError.self) { try await task.value }
            #expect(error?.reason == .cancelled)
        }
    }

    @Test func `an response over its limit is an error, not memory`() async throws {
        try await withInbox { client, _, addresses in
            var request = HTTPRequest("GET", Secret(addresses.inbox))
            request.maximumAnswer = 100
            let error = await #expect(throws: TransportError.self) { try await client.send(request) }
            #expect(error?.reason == .tooLarge)
        }
    }

    @Test(arguments: ["file:///etc/passwd", "gopher://localhost/", "http://user:pw@localhost/", "http://a b/", "nonsense"])
    func `only http and https without a user are spoken`(url: String) async throws {
        let client = HTTPClient()
        defer { client.shutdown() }
        let error = await #expect(throws: TransportError.self) { try await client.send(HTTPRequest("GET", Secret(url))) }
        #expect(error?.reason == .badRequest)
        #expect(error?.sent == false)
    }

    @Test func `a header with a line break is refused before anything is sent`() async throws {
        let client = HTTPClient()
        defer { client.shutdown() }
        let request = HTTPRequest("GET", Secret("http://127.0.0.1:1/"), headers: [("A", Secret("b\r\nC: d"))])
        let error = await #expect(throws: TransportError.self) { try await client.send(request) }
        #expect(error?.reason == .badRequest)
    }

    @Test func `a refused connection is unreachable and nothing was sent`() async throws {
        let client = HTTPClient()
        defer { client.shutdown() }
        let error = await #expect(throws: TransportError.self) {
            try await client.send(HTTPRequest("GET", Secret("http://127.0.0.1:1/secret")))
        }
        #expect(error?.reason == .unreachable)
        #expect(error?.sent == false)
        #expect(error?.detail.contains("secret") == false)
    }

    @Test func `a link-local address is refused, also mapped, unless it is allowed`() async throws {
        let client = HTTPClient()
        defer { client.shutdown() }
        for host in ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.1.1]"] {
            let error = await #expect(throws: TransportError.self) { try await client.send(HTTPRequest("GET", Secret("http://\(host)/"))) }
            #expect(error?.reason == .forbiddenAddress, "\(host)")
        }
    }

    @Test func `after its end it refuses`() async throws {
        let client = HTTPClient()
        client.shutdown()
        let error = await #expect(throws: TransportError.self) { try await client.send(HTTPRequest("GET", Secret("http://127.0.0.1:1/"))) }
        #expect(error?.reason == .cancelled)
    }
}
