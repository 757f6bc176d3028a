import RelayCore
import RelaySupport
import Transport

/// Why a request to RevKeen failed.
package struct RevKeenError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The cause, from a closed set, so that it is safe as a metric label.
    /// For a response it depends on the status; the error code only separates `inProgress` from `conflict`.
    package enum Reason: String, Sendable, CaseIterable {
        /// DNS or TLS failed, the connection was refused or cut off, or this machine has no thread left for it.
        case unreachable
        case timeout
        /// 401: the key is missing, revoked, or belongs to another environment.
        case unauthorized
        /// 403: the key lacks a scope.
        case forbidden
        case notFound
        /// 409 other than `inProgress`.
        case conflict
        /// 409 with the code `idempotency_in_progress`: retry with the same key in a moment.
        case inProgress
        case unprocessable
        case rateLimited
        case serverError
        /// The response is not what the API promises.
        /// This includes redirects.
        case badAnswer
        case tooLarge
        /// Any other 4xx, or a request that cannot be sent.
        case badRequest
        case cancelled
    }

    package var reason: Reason
    package var status: Int?
    /// A description for people: status, code and message, at most 300 characters.
    /// It never contains the key or a URL.
    package var detail: String
    /// How long RevKeen asks us to wait: 1 s … 10 min.
    /// Nil if it does not ask.
    package var retryAfter: Duration?

    package init(_ reason: Reason, _ detail: String, status: Int? = nil, retryAfter: Duration? = nil) {
        self.reason = reason
        self.status = status
        self.detail = detail
        self.retryAfter = retryAfter
    }

    /// The error of a request that was not sent.
    init(_ notEntered: RequestBudget.NotEntered) {
        switch notEntered {
        case .cancelled: self.init(.cancelled, "cancelled before it was sent")
        case .paused(let wait):
            self.init(.rateLimited, "it asked not to be asked for another \(wait.spoken)", retryAfter: wait)
        }
    }

    package var description: String { "\(reason.rawValue): \(detail)" }
}

extension RevKeenError.Reason {
    /// The reason for a status that is not a success.
    /// `code` only separates the two kinds of 409.
    init(status: Int, code: String?) {
        self =
            switch status {
            case 401: .unauthorized
            case 403: .forbidden
            case 404, 410: .notFound
            case 408: .timeout
            case 409: code == "idempotency_in_progress" ? .inProgress : .conflict
            case 422: .unprocessable
            case 429: .rateLimited
            case 400..<500: .badRequest
            case 500..<600: .serverError
            default: .badAnswer
            }
    }

    init(_ reason: TransportError.Reason) {
        self =
            switch reason {
            case .unreachable, .tls, .noAnswer, .forbiddenAddress, .exhausted: .unreachable
            case .timeout: .timeout
            case .tooLarge: .tooLarge
            case .protocolError: .badAnswer
            case .cancelled: .cancelled
            case .badRequest: .badRequest
            }
    }
}
