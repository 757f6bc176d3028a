import Dispatch
import Foundation
import Glibc
import RelayCore
import RelaySupport

/// An HTTP receiver that costs as little as possible: blocking sockets, one thread per connection, fixed responses.
final class Receiver: Sendable {
    /// Returns the response to a request.
    /// `number` counts the requests from 1.
    typealias Script = @Sendable (_ target: String, _ number: Int) -> String

    /// A closure that is itself the value of a lock is wrapped once more each time that it is read.
    private struct Held {
        var script: Script
    }

    static let fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    static let unwell = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"

    let port: UInt16
    private let listener: Int32
    private let script: Locked<Held>
    private let arrivals = Locked<[ContinuousClock.Instant]>([])

    init(_ script: @escaping Script = { _, _ in Receiver.fine }) throws {
        self.script = Locked(Held(script: script))
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, address, &length) == 0
            }
        }
        guard bound else { throw BenchError("no port to listen on: errno \(errno)") }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                if connection < 0 { return }
                var on: Int32 = 1
                setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
                Thread.detachNewThread { self.serve(connection) }
            }
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    var url: String { "http://127.0.0.1:\(port)/in" }
    var times: [ContinuousClock.Instant] { arrivals.withLock { $0 } }
    var count: Int { arrivals.withLock { $0.count } }

    func forget() { arrivals.withLock { $0 = [] } }
    func answer(_ script: @escaping Script) { self.script.withLock { $0.script = script } }

    /// Waits until `count` requests have arrived; returns false if that takes longer than `most`.
    func wait(for count: Int, most: Duration = .seconds(120)) async throws -> Bool {
        let end = ContinuousClock.now + most
        while self.count < count {
            if ContinuousClock.now > end { return false }
            try await Task.sleep(for: .milliseconds(2))
        }
        return true
    }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        var buffer: [UInt8] = [], chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            while let request = Self.takeRequest(from: &buffer) {
                let number = arrivals.withLock { arrivals in
                    arrivals.append(.now)
                    return arrivals.count
                }
                let answer = script.withLock { $0.script }(request, number)
                var bytes = Array(answer.utf8)
                guard send(connection, &bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return }
            }
            let read = recv(connection, &chunk, chunk.count, 0)
            if read <= 0 { return }
            buffer.append(contentsOf: chunk[..<read])
        }
    }

    /// Removes one complete request from the front of the buffer and returns its target; nil if there is none yet.
    private static func takeRequest(from buffer: inout [UInt8]) -> String? {
        guard let end = buffer.indices.dropLast(3).first(where: { buffer[$0] == 13 && buffer[$0 + 2] == 13 && buffer[$0 + 3] == 10 })
        else { return nil }
        let head = String(decoding: buffer[..<end], as: UTF8.self)
        let lines = head.split(separator: "\r\n")
        let length =
            lines.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
        guard buffer.count >= end + 4 + length else { return nil }
        buffer.removeFirst(end + 4 + length)
        return String(lines.first?.split(separator: " ").dropFirst().first ?? "")
    }
}
