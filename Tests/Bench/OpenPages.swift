import Foundation
import Glibc
import RelaySupport

/// Pages of the desk that are open in many browsers: a connection each, from a few addresses, that only reads.
final class OpenPages: Sendable {
    private struct Seen {
        var told = 0
        var open = 0
        var first = ""
        var isOver = false
    }

    private let connections: [Int32]
    private let seen = Locked(Seen())

    /// - Parameter targets: the pages that each of the people has open.
    init(port: UInt16, people: Int, targets: [String]) throws {
        var connections: [Int32] = []
        for person in 0..<people {
            for target in targets {
                let connection = try Self.connect(port, from: UInt32(0x7F00_0001 + connections.count % 8))
                let request = """
                    GET /live?page=\(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Email: p\(person)@example.com\r\n\
                    X-Forwarded-For: 192.0.2.\(person + 1)\r\n\r\n
                    """
                var bytes = Array(request.utf8)
                guard send(connection, &bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
                    throw BenchError("a page cannot be asked for")
                }
                connections.append(connection)
            }
        }
        self.connections = connections
        Thread.detachNewThread { [self] in read() }
    }

    /// The contents that came over all connections.
    var told: Int { seen.withLock { $0.told } }
    /// The connections that are open.
    var open: Int { seen.withLock { $0.open } }
    /// What came first over any connection, for diagnostics.
    var first: String { seen.withLock { $0.first } }

    func close() { seen.withLock { $0.isOver = true } }

    private func read() {
        var polled = connections.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while !seen.withLock({ $0.isOver }) {
            poll(&polled, nfds_t(polled.count), 100)
            for index in polled.indices where polled[index].revents != 0 {
                let read = recv(polled[index].fd, &chunk, chunk.count, 0)
                if read <= 0 { polled[index].fd = -1 }
                let text = String(decoding: chunk[..<max(0, read)], as: UTF8.self)
                seen.withLock {
                    $0.told += text.ranges(of: "data: ").count
                    if $0.first.isEmpty { $0.first = String(text.prefix(300)) }
                }
            }
            seen.withLock { $0.open = polled.count { $0.fd >= 0 } }
        }
        for connection in connections { Glibc.close(connection) }
    }

    /// A port on which nobody listens at this moment.
    static func freePort() throws -> UInt16 {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { Glibc.close(listener) }
        guard with(address: 0x7F00_0001, port: 0, { bind(listener, $0, $1) }) == 0 else {
            throw BenchError("no port is free: errno \(errno)")
        }
        var given = sockaddr_in(), length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &given) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
        }
        return UInt16(bigEndian: given.sin_port)
    }

    private static func connect(_ port: UInt16, from source: UInt32) throws -> Int32 {
        let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let isConnected =
            with(address: source, port: 0) { bind(connection, $0, $1) } == 0
            && with(address: 0x7F00_0001, port: port) { Glibc.connect(connection, $0, $1) } == 0
        guard isConnected else { throw BenchError("a page cannot be opened: errno \(errno)") }
        return connection
    }

    private static func with(address: UInt32, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var made = sockaddr_in()
        made.sin_family = sa_family_t(AF_INET)
        made.sin_addr.s_addr = address.bigEndian
        made.sin_port = port.bigEndian
        return withUnsafePointer(to: &made) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
