import Glibc
import Logging
import NIOCore
import Testing

@testable import NotifyRelay

/// Limits on the connections that strangers can hold open on the public side.
struct PublicBoundsTests {
    /// Runs the public side on a free port.
    private func serving(_ bounds: ListenerBounds, _ body: (_ port: Int) async throws -> Void) async throws {
        let scene = try await DecidingScene(), port = try Web.freePort()
        let server = PublicServer(host: "127.0.0.1", port: port, site: scene.site, logger: Logger(label: "test"), bounds: bounds)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            #expect(await comesTrue { await Web.get("http://127.0.0.1:\(port)/a/guess")?.status == 404 })
            try await body(port)
            group.cancelAll()
        }
    }

    @Test func `a head that comes byte by byte is cut off, though no pause is long`() async throws {
        try await serving(ListenerBounds(head: .milliseconds(500))) { port in
            let caller = try Caller(port: port), start = ContinuousClock.now
            caller.send("GET /a/guess HTTP/1.1\r\nHost: relay\r\nX-Slow: ")
            var bytes = 0
            while !caller.isClosed, ContinuousClock.now - start < .seconds(20) {
                caller.send("x")
                bytes += 1
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(caller.isClosed && bytes > 3, "\(bytes)")
        }
    }

    @Test func `who comes beyond the limit takes the place of the oldest idle connection of the same address`() async throws {
        try await serving(ListenerBounds(connections: 8, connectionsOfOne: 3)) { port in
            // The address is not the one of the request that asked whether the server is there.
            let open = { try Caller(port: port, from: "127.0.0.2") }
            let holders = [try open(), try open(), try open()]
            for holder in holders { holder.ask() }
            #expect(await comesTrue { holders.allSatisfy(\.hasAnswer) })
            let late = try open()
            late.ask()
            #expect(await comesTrue { late.hasAnswer })
            for holder in holders { holder.drain() }
            #expect(await comesTrue { holders.count(where: \.isClosed) == 1 })
        }
    }

    /// The response comes first, so that the client can read it, and the connection ends although the client goes on sending.
    @Test func `after a body that is too large the connection is closed`() async throws {
        try await serving(ListenerBounds(lingering: .milliseconds(200))) { port in
            let caller = try Caller(port: port)
            caller.send("POST /hooks/slack HTTP/1.1\r\nHost: relay\r\nContent-Length: 900000000\r\n\r\n")
            let block = String(repeating: "x", count: 65_536)
            let start = ContinuousClock.now
            while !caller.isEnded, ContinuousClock.now - start < .seconds(20) { caller.send(block) }
            #expect(caller.isEnded && ContinuousClock.now - start < .seconds(10))
        }
    }

    @Test func `a whole request has a deadline, though no pause is long`() async throws {
        try await serving(ListenerBounds(body: .milliseconds(600))) { port in
            let caller = try Caller(port: port), start = ContinuousClock.now
            caller.send("POST /hooks/slack HTTP/1.1\r\nHost: relay\r\nContent-Length: 1000\r\n\r\n")
            while !caller.isEnded, ContinuousClock.now - start < .seconds(20) {
                caller.send("x")
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test func `twenty requests at once on one connection are all answered, in turn`() async throws {
        try await serving(ListenerBounds()) { port in
            let caller = try Caller(port: port)
            caller.send(String(repeating: "GET /x HTTP/1.1\r\nHost: relay\r\n\r\n", count: 20))
            var answers = ""
            let start = ContinuousClock.now
            while answers.ranges(of: "HTTP/1.1 404").count < 20, ContinuousClock.now - start < .seconds(20) {
                answers += caller.drain()
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(answers.ranges(of: "HTTP/1.1 404").count == 20)
            #expect(!caller.isClosed)
        }
    }

    @Test func `a body that is no HTTP is 400, and the connection is closed`() async throws {
        try await serving(ListenerBounds(lingering: .milliseconds(200))) { port in
            let caller = try Caller(port: port)
            caller.send("POST /hooks/slack HTTP/1.1\r\nHost: relay\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n")
            var answers = ""
            #expect(
                await comesTrue {
                    answers += caller.drain()
                    return answers.contains("HTTP/1.1 400") && caller.isClosed
                }, "\(answers)")
        }
    }

    @Test func `a body in pieces, and a request after it in the same bytes, are read whole`() async throws {
        try await serving(ListenerBounds()) { port in
            let caller = try Caller(port: port)
            let chunk = "400\r\n" + String(repeating: "a", count: 1_024) + "\r\n"
            caller.send(
                "POST /hooks/slack HTTP/1.1\r\nHost: relay\r\nTransfer-Encoding: chunked\r\n\r\n" + String(repeating: chunk, count: 20)
                    + "0\r\n\r\nGET /x HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n")
            var answers = ""
            #expect(
                await comesTrue {
                    answers += caller.drain()
                    return answers.contains("HTTP/1.1 401") && answers.contains("HTTP/1.1 404") && caller.isClosed
                }, "\(answers)")
        }
    }
}

/// One bare TCP connection to this machine.
private final class Caller {
    private let descriptor: Int32

    init(port: Int, from source: String = "127.0.0.1") throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var own = sockaddr_in()
        own.sin_family = sa_family_t(AF_INET)
        own.sin_addr.s_addr = inet_addr(source)
        let bound = withUnsafePointer(to: &own) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        try #require(bound == 0)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
    }

    deinit { close(descriptor) }

    func send(_ text: String) { _ = Glibc.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }

    /// Sends a whole request.
    func ask() { send("GET /a/guess HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") }

    /// What has come so far.
    @discardableResult
    func drain() -> String {
        var bytes = [UInt8](repeating: 0, count: 65_536), text = ""
        while case let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT)), count > 0 {
            text += String(decoding: bytes[..<count], as: UTF8.self)
        }
        return text
    }

    /// Whether the connection is over, whatever came before that.
    var isEnded: Bool {
        drain()
        return isClosed
    }

    /// Whether the other side has closed or reset the connection.
    var isClosed: Bool { peek <= 0 && !(peek < 0 && errno == EAGAIN) }
    var hasAnswer: Bool { peek > 0 }

    private var peek: Int {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    }
}
