import Foundation
import Glibc
import RelayCore
import Transport

/// Asks a server of this machine.
enum Web {
    private static let client = HTTPClient()

    /// Nil while nobody answers.
    static func get(_ url: String) async -> (status: Int, body: String, headers: [(name: String, value: String)])? {
        guard let answer = try? await client.send(HTTPRequest("GET", Secret(url))) else { return nil }
        return (answer.status, String(decoding: answer.body, as: UTF8.self), answer.headers)
    }

    /// A port that is free at this moment.
    static func freePort() throws -> Int { try Listener().port }
}

/// Holds a port of loopback for as long as it lives, and answers nobody.
final class Listener: Sendable {
    private let descriptor: Int32
    let port: Int

    /// - Parameter port: 0 takes any. Fails if it is taken.
    init(port wanted: Int = 0) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
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
            close(descriptor)
            throw POSIXError(.EADDRINUSE)
        }
        self.descriptor = descriptor
        port = Int(in_port_t(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }
}
