import Foundation
import RelayCore
import RelaySupport
import Transport

/// Sends requests to a server on this machine.
enum Web {
    private static let client = HTTPClient()

    /// Gets a page; nil if no server responds.
    static func get(_ url: String) async -> (status: Int, body: String, headers: [(name: String, value: String)])? {
        guard let answer = try? await client.send(HTTPRequest("GET", Secret(url))) else { return nil }
        return (answer.status, String(decoding: answer.body, as: UTF8.self), answer.headers)
    }

    /// A port that is free at this moment.
    static func freePort() throws -> Int { try Listener().port }
}
