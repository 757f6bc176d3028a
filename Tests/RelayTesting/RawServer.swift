import Foundation
import Glibc
import RelayCore
import RelaySupport

/// A loopback server that follows a script for each connection, for behaviour that no correct server shows.
package final class RawServer: Sendable {
    /// Handles one connection: it may read and write, and its return closes the connection.
    package typealias Script = @Sendable (_ connection: RawConnection, _ number: Int) -> Void

    package let port: Int
    private let listener: Int32
    private let count = Locked(0)
    private let seen = Locked<[String]>([])

    package init(_ script: @escaping Script) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(listener, $0, length)
                _ = listen(listener, 256)
                _ = getsockname(listener, $0, &length)
            }
        }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in
            while case let descriptor = accept(listener, nil, nil), descriptor >= 0 {
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                Thread.detachNewThread { [self] in
                    script(RawConnection(descriptor: descriptor, note: { text in self.seen.withLock { $0.append(text) } }), number)
                    close(descriptor)
                }
            }
            // The listener is closed here, after its last use: elsewhere the descriptor could already belong to another server.
            close(listener)
        }
    }

    /// The number of connections so far.
    package var connections: Int { count.withLock { $0 } }
    /// Everything that was read, piece by piece.
    package var received: [String] { seen.withLock { $0 } }

    /// Stops accepting connections. It must be called only once.
    package func stop() { shutdown(listener, Int32(SHUT_RDWR)) }
}

package struct RawConnection: Sendable {
    package let descriptor: Int32
    package let note: @Sendable (String) -> Void

    /// The next request with its body, if its head announces one; nil when the other side has closed.
    package func request() -> String? {
        var text = ""
        while true {
            if let end = text.range(of: "\r\n\r\n") {
                let head = text[..<end.upperBound].lowercased()
                let length =
                    head.components(separatedBy: "content-length: ").dropFirst().first.flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
                if text[end.upperBound...].utf8.count >= length { break }
            }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = read(descriptor, &buffer, buffer.count)
            if count <= 0 { return nil }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        note(text)
        return text
    }

    package func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    package func answer(_ status: String = "200 OK", headers: String = "", body: String = "ok") {
        write("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)")
    }

    /// Makes the close a reset instead of an orderly end.
    package func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }
}
