import Foundation
import Glibc
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

/// How much of a response is read, and what it means if the connection breaks at some point of it.
@Suite(.timeLimit(.minutes(1)))
struct AnswerLimitTests {
    private let client = HTTPClient()

    private func get(_ server: RawServer, most: Int = 64 * 1_024) async throws(TransportError) -> HTTPResponse {
        var request = HTTPRequest("POST", Secret("http://127.0.0.1:\(server.port)/in"), body: Array("hello".utf8))
        request.maximumAnswer = most
        return try await client.send(request)
    }

    /// Sends this response once and then closes the connection.
    private func server(_ response: String) -> RawServer {
        RawServer { connection, _ in
            guard connection.request() != nil else { return }
            connection.write(response)
        }
    }

    @Test(arguments: [
        LongText("Content-Length: 100\r\n\r\n" + String(repeating: "x", count: 100)),
        LongText("Transfer-Encoding: chunked\r\n\r\n64\r\n" + String(repeating: "x", count: 100) + "\r\n0\r\n\r\n"),
        LongText("Connection: close\r\n\r\n" + String(repeating: "x", count: 100)),
    ])
    func `an response of just the most is taken, one byte more is not`(response: LongText) async throws {
        let response = response.text
        let server = server("HTTP/1.1 200 OK\r\n" + response)
        defer { server.stop() }
        #expect(try await get(server, most: 100).body.count == 100)
        let error = await #expect(throws: TransportError.self) { try await get(server, most: 99) }
        #expect(error?.reason == .tooLarge && error?.sent == true)
    }

    @Test func `of a longer response the beginning is taken if the beginning is of use`() async throws {
        let server = server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + String(repeating: "x", count: 100))
        defer { server.stop() }
        var request = HTTPRequest("GET", Secret("http://127.0.0.1:\(server.port)/in"))
        request.maximumAnswer = 99
        request.keepsBeginning = true
        let response = try await client.send(request)
        #expect(response.body.count == 99 && response.isCut && response.status == 200)
    }

    @Test func `a response that is stated to be too large is refused before its body comes`() async throws {
        let (ends, end) = AsyncStream<Void>.makeStream()
        let server = RawServer { connection, _ in
            guard connection.request() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            // Nothing follows, so a client that waits for a body waits until this connection ends.
            var byte: UInt8 = 0
            if recv(connection.descriptor, &byte, 1, 0) == 0 { end.yield() }
        }
        defer { server.stop() }
        let error = await #expect(throws: TransportError.self) { try await get(server, most: 99) }
        #expect(error?.reason == .tooLarge && error?.sent == true)
        for await _ in ends { break }
    }

    @Test func `the length that a response to HEAD states is not one of its body`() async throws {
        let server = server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        defer { server.stop() }
        var request = HTTPRequest("HEAD", Secret("http://127.0.0.1:\(server.port)/in"))
        request.maximumAnswer = 99
        #expect(try await client.send(request).status == 200)
    }

    @Test(arguments: ["Content-Length: 31457280\r\n\r\n", "Connection: close\r\n\r\n"])
    func `of thirty megabytes hardly any are taken over`(head: String) async throws {
        let written = Locked(0)
        let (ends, end) = AsyncStream<Void>.makeStream()
        let server = RawServer { connection, _ in
            guard connection.request() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\n" + head)
            let piece = [UInt8](repeating: 120, count: 65_536)
            while written.withLock({ $0 }) < 30 << 20 {
                let count = send(connection.descriptor, piece, piece.count, Int32(MSG_NOSIGNAL))
                if count <= 0 { break }
                written.withLock { $0 += count }
            }
            end.yield()
        }
        defer { server.stop() }
        let error = await #expect(throws: TransportError.self) { try await get(server) }
        #expect(error?.reason == .tooLarge)
        for await _ in ends { break }
        // The limit allows for what the system buffers between the two sides.
        #expect(written.withLock { $0 } < 16 << 20)
    }

    @Test func `a small response that unfolds to a large one is refused as well`() async throws {
        let packed = try #require(Data(base64Encoded: Self.zeros))
        let server = RawServer { connection, _ in
            guard connection.request() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n\r\n")
            _ = packed.withUnsafeBytes { send(connection.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }
        defer { server.stop() }
        #expect(try await get(server, most: 200_000).body.count == 200_000)
        let error = await #expect(throws: TransportError.self) { try await get(server, most: 199_999) }
        #expect(error?.reason == .tooLarge)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ])
    func `a reset in the middle of the response is no response`(piece: String) async throws {
        let server = RawServer { connection, _ in
            guard connection.request() != nil else { return }
            connection.write(piece)
            connection.reset()
        }
        defer { server.stop() }
        let error = await #expect(throws: TransportError.self) { try await get(server) }
        #expect(error?.reason == .noAnswer && error?.sent == true)
    }

    @Test func `an end after the whole response changes nothing, and the next request takes a new connection`() async throws {
        let server = server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        defer { server.stop() }
        for _ in 0..<3 { #expect(try await get(server).body == Array("ok".utf8)) }
        #expect(server.received.count == 3)
    }

    @Test(arguments: ["nonsense\r\n\r\n", "SSH-2.0-OpenSSH_9\r\n", "220 box.test ESMTP\r\n"])
    func `an response that is no HTTP is no response`(words: String) async throws {
        let server = server(words)
        defer { server.stop() }
        let error = await #expect(throws: TransportError.self) { try await get(server) }
        #expect(error?.reason == .protocolError && error?.sent == true)
    }

    @Test func `a connection that does not come about is given up in its own time`() async throws {
        let door = FullDoor()
        defer { door.open() }
        var request = HTTPRequest("GET", Secret("http://127.0.0.1:\(door.port)/"))
        request.connectTimeout = .milliseconds(50)
        let error = await #expect(throws: TransportError.self) { try await client.send(request) }
        #expect(error?.reason == .timeout && error?.sent == false)
    }

    /// 200,000 zero bytes, compressed with gzip and encoded as base64.
    private static let zeros =
        "H4sIAAAAAAACA+3BMQEAAADCoPVPbQZ/oAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACA1wB7WOBcQA0DAA=="
}
