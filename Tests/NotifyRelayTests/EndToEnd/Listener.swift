import Foundation
import Glibc
import RelayCore
import RelaySupport

/// Listens on a loopback port for as long as it lives. A connection gets no response unless `accept()` is called.
final class Listener: Sendable {
    private let descriptor: Int32
    let port: Int

    /// - Parameter port: the wanted port; 0 takes any free one.
    /// - Throws: `POSIXError` if the port is taken.
    init(port wanted: Int = 0) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(wanted).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isBound else {
            Glibc.close(descriptor)
            throw POSIXError(.EADDRINUSE)
        }
        self.descriptor = descriptor
        port = Int(in_port_t(bigEndian: address.sin_port))
    }

    deinit { Glibc.close(descriptor) }

    /// Ends the listening: `accept()` returns nil from now on.
    func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Waits for a connection; nil after `stop()`.
    func accept() -> Int32? {
        let connection = Glibc.accept(descriptor, nil, nil)
        guard connection >= 0 else { return nil }
        // Otherwise a child process would keep the connection open.
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        return connection
    }
}

extension Listener {
    struct Request {
        var head: String
        var body: [UInt8]

        func header(_ name: String) -> String? {
            head.split(whereSeparator: \.isNewline).first { $0.lowercased().hasPrefix(name + ":") }
                .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
        }

        var event: String? { (try? JSONValue(parsing: body))?["data"]?["id"]?.string }
    }

    static func close(_ connection: Int32) { Glibc.close(connection) }

    /// Makes a later close send RST instead of FIN.
    static func willReset(_ connection: Int32) {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(connection, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }

    /// Waits until there is something to read; false if the connection has ended.
    static func hasMore(_ connection: Int32) -> Bool {
        var byte: UInt8 = 0
        return recv(connection, &byte, 1, Int32(MSG_PEEK)) == 1
    }

    static func write(_ text: String, to connection: Int32) -> Bool {
        let bytes = Array(text.utf8)
        return send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// Reads one request with a `Content-Length`; nil if the connection ends before.
    static func request(from connection: Int32, _ unread: inout [UInt8]) -> Request? {
        let end = Array("\r\n\r\n".utf8)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let gap = unread.firstRange(of: end) {
                let head = Request(head: String(decoding: unread[..<gap.lowerBound], as: UTF8.self), body: [])
                let length = head.header("content-length").flatMap { Int($0) } ?? 0
                if unread.count >= gap.upperBound + length {
                    let body = Array(unread[gap.upperBound..<gap.upperBound + length])
                    unread.removeFirst(gap.upperBound + length)
                    return Request(head: head.head, body: body)
                }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            unread += buffer[..<count]
        }
    }
}
