import Foundation
import Glibc
import RelaySupport

/// A proxy between a relay and its database on the loopback, which a test makes misbehave.
final class DatabaseProxy: Sendable {
    enum Manner: Sendable, CaseIterable {
        case pass
        /// Nothing moves in either direction, and nobody is told: a network that drops packets.
        case freeze
        /// Each piece waits before it moves on.
        case delay
    }

    private struct State {
        var manner = Manner.pass
        var pairs: [Int: (client: Int32, server: Int32)] = [:]
        var last = 0
    }

    private let listener: Listener
    private let target: Int
    private let state = Locked(State())

    init(to target: Int) throws {
        self.target = target
        listener = try Listener()
        Thread.detachNewThread { [weak self, listener] in
            while let client = listener.accept() {
                guard let self else { return Listener.close(client) }
                self.take(client)
            }
        }
    }

    deinit {
        listener.stop()
        for pair in state.withLock({ $0.pairs.values.map { $0 } }) { Self.end(pair) }
    }

    var port: Int { listener.port }

    func behave(_ manner: Manner) { state.withLock { $0.manner = manner } }

    /// Ends all connections. New ones are taken.
    func cut() { for pair in state.withLock({ $0.pairs.values.map { $0 } }) { Self.end(pair) } }

    /// Closes one direction of all connections: the server hears no more, and still sends.
    func closeHalf() { for pair in state.withLock({ $0.pairs.values.map { $0 } }) { shutdown(pair.server, Int32(SHUT_WR)) } }

    private static func end(_ pair: (client: Int32, server: Int32)) {
        shutdown(pair.client, Int32(SHUT_RDWR))
        shutdown(pair.server, Int32(SHUT_RDWR))
    }

    private func take(_ client: Int32) {
        guard let server = Self.connect(to: target) else { return Listener.close(client) }
        let number = state.withLock { state in
            state.last += 1
            state.pairs[state.last] = (client, server)
            return state.last
        }
        let open = Locked(2)
        for (from, to) in [(client, server), (server, client)] {
            Thread.detachNewThread { [self] in
                move(from, to)
                guard
                    open.withLock({ open in
                        open -= 1
                        return open == 0
                    })
                else { return }
                state.withLock { $0.pairs[number] = nil }
                Listener.close(client)
                Listener.close(server)
            }
        }
    }

    private func move(_ from: Int32, _ to: Int32) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(from, &bytes, bytes.count, 0)
            while state.withLock({ $0.manner == .freeze }) { usleep(10_000) }
            if state.withLock({ $0.manner == .delay }) { usleep(50_000) }
            guard count > 0 else { break }
            var sent = 0
            while sent < count {
                let part = bytes[sent..<count].withUnsafeBytes { send(to, $0.baseAddress, count - sent, Int32(MSG_NOSIGNAL)) }
                guard part > 0 else { break }
                sent += part
            }
            if sent < count { break }
        }
        shutdown(from, Int32(SHUT_RDWR))
        shutdown(to, Int32(SHUT_RDWR))
    }

    private static func connect(to port: Int) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            Glibc.close(descriptor)
            return nil
        }
        return descriptor
    }
}
