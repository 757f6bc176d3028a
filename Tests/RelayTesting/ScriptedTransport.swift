import RelayCore
import RelaySupport
package import Transport

/// Responds to HTTP requests from a script and remembers the requests.
package final class ScriptedTransport: HTTPTransport {
    package typealias Script = @Sendable (HTTPRequest) async -> Result<HTTPResponse, TransportError>

    private let script: Script
    private let asked = Locked<[HTTPRequest]>([])

    package init(_ script: @escaping Script) { self.script = script }

    /// Returns the same response to every request.
    package convenience init(status: Int, headers: [(name: String, value: String)] = [], body: String = "") {
        self.init { _ in .success(HTTPResponse(status: status, headers: headers, body: Array(body.utf8))) }
    }

    package var requests: [HTTPRequest] { asked.withLock { $0 } }

    package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        asked.withLock { $0.append(request) }
        return try await script(request).get()
    }
}
