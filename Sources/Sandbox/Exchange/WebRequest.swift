import RelayCore
import RelaySupport

/// One HTTP request as it arrived.
/// It is independent of any server, so that a test can send a request without a socket.
package struct WebRequest: Sendable {
    package var method: String
    /// The path's segments, percent-decoded; `/a//b/` is `["a", "b"]`.
    package var segments: [String]
    package var query: [(name: String, value: String)]
    /// The headers, with lower-case names.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    /// Creates a request from a method and a target.
    ///
    /// - Parameter target: the path, and the query after `?`.
    package init(_ method: String, _ target: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.method = method
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        segments = (halves.first ?? "").split(separator: "/").map { percentDecoded($0) }
        query = formFields(halves.count > 1 ? halves[1] : "")
        self.headers = headers.map { ($0.name.lowercased(), $0.value) }
        self.body = body
    }

    package var path: String { "/" + segments.joined(separator: "/") }

    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    package func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

/// One HTTP response.
package struct WebResponse: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Nothing is sent; the connection ends instead.
    package var dropsConnection = false

    package init(_ status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package init(_ status: Int, type: String, _ text: String) {
        self.init(status, headers: [("Content-Type", type)], body: Array(text.utf8))
    }

    package func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
}
