import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

/// What happens to connections: they are kept, die, are cut off, or are led elsewhere.
struct ConnectionTests {
    private let client = HTTPClient()

    private func post(_ server: RawServer, guards: Bool = false, network: NetworkOptions = NetworkOptions()) -> HTTPRequest {
        var request = HTTPRequest("POST", Secret("http://127.0.0.1:\(server.port)/in"), body: Array("hello".utf8), network: network)
        request.guardsAgainstResend = guards
        request.timeout = .seconds(5)
        return request
    }

    /// Responds to the first request of the first connection and resets that connection at the second request. Later connections get one
    /// response and are closed.
    private func diesWhenReused() -> RawServer {
        RawServer { connection, number in
            guard connection.request() != nil else { return }
            connection.answer()
            if number > 1 { return }
            _ = connection.request()
            connection.reset()
        }
    }

    @Test func `libcurl sends a request again by itself when a kept connection is dead`() async throws {
        let server = diesWhenReused()
        _ = try await client.send(post(server))
        _ = try await client.send(post(server))
        #expect(server.received.count == 3)
        server.stop()
    }

    @Test func `where nothing makes a second copy harmless it is stopped, and may have arrived`() async throws {
        let server = diesWhenReused()
        _ = try await client.send(post(server, guards: true))
        let error = await #expect(throws: TransportError.self) { try await client.send(post(server, guards: true)) }
        #expect(error?.reason == .noAnswer && error?.sent == true)
        #expect(server.received.count == 2)
        server.stop()
    }

    @Test func `a connection is kept for the next request`() async throws {
        let server = RawServer { connection, _ in while connection.request() != nil { connection.answer() } }
        for _ in 0..<5 { _ = try await client.send(post(server)) }
        #expect(server.connections == 1)
        server.stop()
    }

    @Test func `a reset after the request may mean that it arrived`() async throws {
        let server = RawServer { connection, _ in
            _ = connection.request()
            connection.reset()
        }
        let error = await #expect(throws: TransportError.self) { try await client.send(post(server)) }
        #expect(error?.reason == .noAnswer && error?.sent == true)
        server.stop()
    }

    @Test func `an response that is cut off is no response`() async throws {
        let server = RawServer { connection, _ in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        }
        let error = await #expect(throws: TransportError.self) { try await client.send(post(server)) }
        #expect(error?.sent == true)
        server.stop()
    }

    @Test func `a redirect is an response and is not followed`() async throws {
        let other = RawServer { connection, _ in while connection.request() != nil { connection.answer() } }
        let server = RawServer { connection, _ in
            while connection.request() != nil {
                connection.answer("302 Found", headers: "Location: http://127.0.0.1:\(other.port)/\r\n")
            }
        }
        #expect(try await client.send(post(server)).status == 302)
        #expect(other.connections == 0)
        server.stop()
        other.stop()
    }

    @Test func `a PUT carries its body`() async throws {
        let server = RawServer { connection, _ in while connection.request() != nil { connection.answer() } }
        var request = post(server)
        request.method = "PUT"
        _ = try await client.send(request)
        #expect(server.received.first?.hasPrefix("PUT /in HTTP/1.1") == true)
        #expect(server.received.first?.hasSuffix("hello") == true)
        server.stop()
    }

    @Test func `thirty megabytes are refused and not held`() async throws {
        let server = RawServer { connection, _ in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 31457280\r\n\r\n")
            let piece = String(repeating: "x", count: 65_536)
            for _ in 0..<480 { connection.write(piece) }
        }
        let error = await #expect(throws: TransportError.self) { try await client.send(post(server)) }
        #expect(error?.reason == .tooLarge)
        server.stop()
    }

    @Test func `a proxy is asked for the whole address`() async throws {
        let proxy = RawServer { connection, _ in while connection.request() != nil { connection.answer(body: "through") } }
        let request = HTTPRequest(
            "GET", Secret("http://relay.test/x"), network: NetworkOptions(proxy: Secret("http://127.0.0.1:\(proxy.port)")))
        #expect(try await client.send(request).body == Array("through".utf8))
        #expect(proxy.received.first?.hasPrefix("GET http://relay.test/x HTTP/1.1") == true)
        proxy.stop()
    }
}
