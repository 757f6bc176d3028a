import Foundation
import Glibc
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

/// How much of a response decides.
@Suite(.timeLimit(.minutes(1)))
struct NeedTests {
    private let client = HTTPClient()

    /// Responses whose head says 200 and whose body is at fault.
    static let oddBodies: [LongText] = [
        "Content-Encoding: gzip\r\nContent-Length: 13\r\n\r\n{\"done\":true}",
        LongText("Content-Length: 102400\r\n\r\n" + String(repeating: "x", count: 102_400)),
        "Content-Length: 100\r\n\r\nshort", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "Transfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        "Content-Encoding: utf-8\r\nContent-Length: 2\r\n\r\nok", "Content-Encoding: br\r\nContent-Length: 2\r\n\r\nok",
        "Content-Length: 2\r\nContent-Encoding: gzip, gzip\r\n\r\nok", "Connection: close\r\n\r\n",
        "Content-Type: text/html\r\nContent-Length: 100\r\n\r\n<!DOCTYPE html>",
    ]

    private func server(_ response: String) -> RawServer {
        RawServer { connection, _ in
            guard connection.request() != nil else { return }
            connection.write(response)
        }
    }

    private func post(_ server: RawServer, _ need: HTTPRequest.Need) async throws(TransportError) -> HTTPResponse {
        var request = HTTPRequest("POST", Secret("http://127.0.0.1:\(server.port)/in"), body: Array("hello".utf8))
        request.need = need
        request.guardsAgainstResend = true
        return try await client.send(request)
    }

    @Test(arguments: oddBodies, [HTTPRequest.Need.head, .words])
    func `a fault of the body does not change a good status`(response: LongText, need: HTTPRequest.Need) async throws {
        let server = server("HTTP/1.1 200 OK\r\n" + response.text)
        defer { server.stop() }
        #expect(try await post(server, need).status == 200)
        #expect(server.received.count == 1)
    }

    @Test(arguments: [HTTPRequest.Need.head, .words])
    func `a body that never ends is not waited for`(need: HTTPRequest.Need) async throws {
        let server = RawServer { connection, _ in
            guard connection.request() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            while connection.request() != nil {}
        }
        defer { server.stop() }
        let start = ContinuousClock.now
        let response = try await post(server, need)
        #expect(response.status == 200 && response.isCut == (need == .words))
        #expect(ContinuousClock.now - start < (need == .words ? .seconds(8) : .seconds(2)))
    }

    @Test func `a good response that may be a web page is read as far as it comes`() async throws {
        let server = server("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<!DOCTYPE html>")
        defer { server.stop() }
        #expect(try await post(server, .head).body == Array("<!DOCTYPE html>".utf8))
    }

    @Test func `the words of a refusal are read as far as they come`() async throws {
        let server = server("HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\ninvalid_blocks")
        defer { server.stop() }
        for need in [HTTPRequest.Need.head, .words] {
            let response = try await post(server, need)
            #expect(response.status == 400 && response.isCut)
            #expect(String(decoding: response.body, as: UTF8.self) == "invalid_blocks")
        }
    }

    @Test func `an informational head decides nothing`() async throws {
        let server = server("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n")
        defer { server.stop() }
        await #expect(throws: TransportError.self) { try await post(server, .head) }
        let late = self.server("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
        defer { late.stop() }
        #expect(try await post(late, .head).status == 500)
    }

    @Test func `a short body that nobody needs keeps the connection`() async throws {
        let server = RawServer { connection, _ in while connection.request() != nil { connection.answer() } }
        defer { server.stop() }
        for _ in 0..<5 {
            #expect(try await post(server, .head).status == 200)
            try await ContinuousClock().sleep(for: .milliseconds(50))
        }
        #expect(server.connections == 1)
    }

    /// The server gives up a kept connection at the moment at which the next request arrives.
    @Test(arguments: [HTTPRequest.Need.whole, .head, .words])
    func `a 408 on a kept connection is answered with a new connection`(need: HTTPRequest.Need) async throws {
        let server = RawServer { connection, number in
            guard connection.request() != nil else { return }
            connection.answer()
            guard number == 1 else { return }
            _ = connection.request()
            connection.answer("408 Request Timeout", headers: "Connection: close\r\n", body: "")
        }
        defer { server.stop() }
        #expect(try await post(server, need).status == 200)
        #expect(try await post(server, need).status == 200)
        #expect(server.connections == 2)
    }

    @Test func `a 408 on a new connection is the response`() async throws {
        let server = server("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        defer { server.stop() }
        #expect(try await post(server, .words).status == 408)
        #expect(server.connections == 1)
    }
}
