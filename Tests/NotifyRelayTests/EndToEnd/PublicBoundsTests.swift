import Glibc
import Logging
import NIOCore
import Testing

@testable import NotifyRelay

/// Limits on the connections that strangers can hold open on the public side.
struct PublicBoundsTests {
    /// Runs the public side on a free port.
    private func serving(idle: TimeAmount, most: Int = 256, _ body: (_ port: Int) async throws -> Void) async throws {
        let scene = try await DecidingScene(), port = try Web.freePort()
        let server = PublicServer(
            host: "127.0.0.1", port: port, site: scene.site, logger: Logger(label: "test"), idle: idle, mostConnections: most)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            #expect(await comesTrue { await Web.get("http://127.0.0.1:\(port)/a/guess")?.status == 404 })
            try await body(port)
            group.cancelAll()
        }
    }

    @Test func `a head that comes byte by byte is cut off, though no pause is long`() async throws {
        try await serving(idle: .milliseconds(500)) { port in
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

    @Test func `who comes beyond the limit waits until another goes`() async throws {
        try await serving(idle: .seconds(20), most: 2) { port in
            var holders = [try Caller(port: port), try Caller(port: port)]
            for holder in holders { holder.send("GET /a/guess HTTP/1.1\r\n") }
            try await Task.sleep(for: .milliseconds(200))
            let late = try Caller(port: port)
            late.send("GET /a/guess HTTP/1.1\r\nHost: relay\r\n\r\n")
            try await Task.sleep(for: .milliseconds(300))
            #expect(!late.hasAnswer)
            holders.removeAll()
            #expect(await comesTrue { late.hasAnswer })
        }
    }
}

/// One bare TCP connection to this machine.
private final class Caller {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
    }

    deinit { close(descriptor) }

    func send(_ text: String) { _ = Glibc.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }

    /// Whether the other side has closed or reset the connection.
    var isClosed: Bool { peek <= 0 && !(peek < 0 && errno == EAGAIN) }
    var hasAnswer: Bool { peek > 0 }

    private var peek: Int {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    }
}
