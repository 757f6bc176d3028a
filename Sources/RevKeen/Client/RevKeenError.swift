import RelayCore
import Transport

/// Why RevKeen did not do, or did not say, what it was asked.
package struct RevKeenError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A closed set, safe as a metric label. An answer's reason comes from its status alone.
    package enum Reason: String, Sendable, CaseIterable {
        /// DNS, TLS, refused, cut off.
        case unreachable
        case timeout
        /// 401: the key is missing, revoked, or belongs to another environment.
        case unauthorized
        /// 403: the key lacks a scope.
        case forbidden
        case notFound
        /// 409 other than `inProgress`.
        case conflict
        /// 409 with the code `idempotency_in_progress`: the same key again, in a moment.
        case inProgress
        case unprocessable
        case rateLimited
        case serverError
        /// An answer that is not what the API promises, a redirect included.
        case badAnswer
        case tooLarge
        /// Any other 4xx, or a request of ours that cannot be sent.
        case badRequest
        case cancelled
    }

    package var reason: Reason
    package var status: Int?
    /// For people: status, code and message, at most 300 characters. Never holds the key or a URL.
    package var detail: String
    /// How long RevKeen asks us to wait: 1 s … 10 min.
    package var retryAfter: Duration?
    /// At least a part of the request may have reached RevKeen: what was asked may have happened.
    package var bytesLeft: Bool

    package init(_ reason: Reason, _ detail: String, status: Int? = nil, retryAfter: Duration? = nil, bytesLeft: Bool) {
        self.reason = reason
        self.status = status
        self.detail = detail
        self.retryAfter = retryAfter
        self.bytesLeft = bytesLeft
    }

    /// Before anything was sent.
    init(_ notEntered: RequestBudget.NotEntered) {
        switch notEntered {
        case .cancelled: self.init(.cancelled, "cancelled before it was sent", bytesLeft: false)
        case .paused(let wait):
            self.init(.rateLimited, "it asked not to be asked for another \(wait.spoken)", retryAfter: wait, bytesLeft: false)
        }
    }

    package var description: String { "\(reason.rawValue): \(detail)" }
}

extension RevKeenError.Reason {
    /// The meaning of a status that is no success. `code` only tells the two kinds of 409 apart.
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
            case .unreachable, .tls, .noAnswer, .forbiddenAddress: .unreachable
            case .timeout: .timeout
            case .tooLarge: .tooLarge
            case .protocolError: .badAnswer
            case .cancelled: .cancelled
            case .badRequest: .badRequest
            }
    }
}
