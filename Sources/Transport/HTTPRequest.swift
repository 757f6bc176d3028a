package import RelayCore

/// One HTTP request. Redirects are never followed; only `http` and `https` are spoken.
package struct HTTPRequest: Sendable {
    package var method: String
    /// May hold a credential in its path or query, so it never appears in an error.
    package var url: Secret
    /// Names are sent as given. Values with CR, LF or NUL are refused before anything is sent.
    package var headers: [(name: String, value: Secret)]
    package var body: [UInt8]?
    package var connectTimeout: Duration = .seconds(10)
    /// For the whole exchange, the connection included.
    package var timeout: Duration = .seconds(30)
    /// Bytes of the answer's body; one more is the error `tooLarge`.
    package var maximumAnswer = 64 * 1024
    /// Nothing in the request makes a second copy harmless: libcurl's own resend on a dead reused connection is stopped and told
    /// as `.noAnswer` with `sent: true`.
    package var guardsAgainstResend = false
    package var network: NetworkOptions

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
    /// A PEM file of the only authorities to trust; nil trusts the system's.
    package var caFile: String?
    /// As curl users write it; nil takes it from the environment.
    package var proxy: Secret?
    /// Else 169.254.0.0/16, fe80::/10 and their mapped forms are refused at connect time.
    package var allowLinkLocal: Bool

    package init(caFile: String? = nil, proxy: Secret? = nil, allowLinkLocal: Bool = false) {
        self.caFile = caFile
        self.proxy = proxy
        self.allowLinkLocal = allowLinkLocal
    }
}

package struct HTTPResponse: Sendable {
    package var status: Int
    /// Names in lower case, in the order of arrival, of the final response only.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    package var took: Duration

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = [], took: Duration = .zero) {
        self.status = status
        self.headers = headers
        self.body = body
        self.took = took
    }

    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// No answer came, or none that could be read. A status of any number is an answer, not an error.
package struct TransportError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Reason: String, Sendable, CaseIterable {
        /// DNS, refused, no route.
        case unreachable
        case tls
        /// Nothing came within the time.
        case timeout
        /// The connection ended after it was made and before an answer.
        case noAnswer
        case tooLarge
        /// The name leads to an address that the configuration does not allow.
        case forbiddenAddress
        /// The answer is no HTTP, or no SMTP.
        case protocolError
        case cancelled
        /// Our own request is impossible: a header with a line break, an unreadable URL.
        case badRequest
    }

    package var reason: Reason
    /// At least a part of the request's body may have reached the other side: what was asked may have happened.
    package var sent: Bool
    /// For people; never holds the URL, a header, or what was sent.
    package var detail: String

    package init(_ reason: Reason, sent: Bool, _ detail: String) {
        self.reason = reason
        self.sent = sent
        self.detail = detail
    }

    package var description: String { "\(reason.rawValue): \(detail)" }
}

/// What speaks HTTP: libcurl in the program, a script in tests.
package protocol HTTPTransport: Sendable {
    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse
}
