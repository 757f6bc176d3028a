import RelayCore
package import RelaySupport

/// One HTTP request. Redirects are never followed; only `http` and `https` are allowed.
package struct HTTPRequest: Sendable {
    package var method: String
    /// The URL may hold a credential in its path or query, so it never appears in an error.
    package var url: Secret
    /// Names are sent as given. A value with CR, LF or NUL is refused before anything is sent.
    package var headers: [(name: String, value: Secret)]
    package var body: [UInt8]?
    package var connectTimeout: Duration = .seconds(10)
    /// The time limit of the whole exchange, including the connection.
    package var timeout: Duration = .seconds(30)
    /// The most bytes of the response body; a longer body is the error `tooLarge`.
    package var maximumAnswer = 64 * 1024
    /// A longer body is no error, but *cut* at `maximumAnswer` bytes.
    package var keepsBeginning = false
    /// True if nothing in the request makes a second copy harmless. libcurl's own resend on a dead reused connection is then stopped, and
    /// reported as `.noAnswer` with `sent: true`.
    package var guardsAgainstResend = false
    /// How much of the response the caller needs.
    package var need = Need.whole
    package var network: NetworkOptions

    /// How much of a response decides. What is not needed is read only as far as it comes at once.
    package enum Need: Sendable {
        /// All of it: a fault of the body is an error.
        case whole
        /// The head of a good status (2xx) is the response, whatever its body is or does. A head that calls its body a web page, and any
        /// other status, are read as `words`.
        case head
        /// The head, and what can be read of the body: a fault of the body or its slowness only makes the response *cut*.
        case words
    }

    package init(
        _ method: String, _ url: Secret, headers: [(name: String, value: Secret)] = [], body: [UInt8]? = nil,
        network: NetworkOptions = NetworkOptions()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.network = network
    }
}

/// How to reach a host. Two requests share a connection only if these are equal.
package struct NetworkOptions: Sendable, Hashable {
    /// A PEM file with the only authorities to trust; nil trusts the system's.
    package var caFile: String?
    /// The proxy in curl's syntax; nil takes it from the environment, and an empty text uses none.
    package var proxy: Secret?
    /// If false, link-local addresses and the metadata services of clouds are refused (`OutgoingPolicy`).
    package var allowLinkLocal: Bool
    /// The path of the socket on this machine to connect to, whatever host the URL names; nil connects to the host.
    package var socket: String?

    package init(caFile: String? = nil, proxy: Secret? = nil, allowLinkLocal: Bool = false, socket: String? = nil) {
        self.caFile = caFile
        self.proxy = proxy
        self.allowLinkLocal = allowLinkLocal
        self.socket = socket
    }
}

package struct HTTPResponse: Sendable {
    package var status: Int
    /// The headers of the final response only, in order of arrival, with names in lower case.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    package var took: Duration
    /// The body is not whole: it was too long or too slow, or it broke off. Never true for a request that needs the whole response.
    package var isCut: Bool

    package init(
        status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = [], took: Duration = .zero, isCut: Bool = false
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.took = took
        self.isCut = isCut
    }

    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// No response came, or none that could be read. A response with any status is no error.
package struct TransportError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Reason: String, Sendable, CaseIterable {
        /// DNS failed, the connection was refused, or there is no route.
        case unreachable
        case tls
        /// No response came in time.
        case timeout
        /// The connection ended after it was made and before a response.
        case noAnswer
        case tooLarge
        /// The name leads to an address that the configuration does not allow.
        case forbiddenAddress
        /// The response is not HTTP, or not SMTP.
        case protocolError
        case cancelled
        /// Our own request is invalid: a header with a line break, or an unreadable URL.
        case badRequest
        /// This machine has no thread or memory left for the request.
        case exhausted
    }

    package var reason: Reason
    /// True if at least a part of the request may have reached the other side, so that it may have taken effect.
    package var sent: Bool
    /// A text for people. It never holds the URL, a header, or what was sent.
    package var detail: String

    package init(_ reason: Reason, sent: Bool, _ detail: String) {
        self.reason = reason
        self.sent = sent
        self.detail = detail
    }

    package var description: String { "\(reason.rawValue): \(detail)" }
}

/// Speaks HTTP: libcurl in the program, a script in tests.
package protocol HTTPTransport: Sendable {
    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse
}
