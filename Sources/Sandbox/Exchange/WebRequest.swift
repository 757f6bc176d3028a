import RelayCore

/// One HTTP request as it arrived, apart from any server, so that a test can ask without a socket.
package struct WebRequest: Sendable {
    package var method: String
    /// The path's segments, percent-decoded; `/a//b/` is `["a", "b"]`.
    package var segments: [String]
    package var query: [(name: String, value: String)]
    /// Names in lower case.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    /// - Parameter target: the path, and the query behind `?`.
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

/// What is sent back.
package struct WebResponse: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Nothing is sent: the connection ends instead.
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
