package import RelayCore
package import Transport

/// The verdict for an HTTP response, common to all channels; nil means accepted. A channel may only refine it.
///
/// The detail never holds bodies or headers, because a receiver can echo a secret. For a redirect it names only the host. The classes
/// follow the delivery rules of Standard Webhooks and of CloudEvents' web hooks:
/// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md,
/// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md
package func judge(_ response: HTTPResponse, now: Timestamp) -> DeliveryError? {
    let status = response.status
    let after = response.header("retry-after").flatMap { RetryAfter.parse($0, now: now) }
    func error(_ verdict: DeliveryError.Verdict, _ reason: DeliveryError.Reason, _ meaning: String) -> DeliveryError {
        DeliveryError(verdict, reason, "answered \(status): \(meaning)", status: status)
    }
    switch status {
    case 200...299: return nil
    case 300...399: return error(.gone, .redirected, redirection(response))
    case 410: return error(.gone, .notFound, "it is gone")
    case 401, 407: return error(.suspect, .unauthorized, "it does not know us")
    case 403, 451: return error(.suspect, .unauthorized, "it refuses us")
    case 404: return error(.suspect, .notFound, "nothing is there")
    case 429: return error(.throttled(after: after), .rateLimited, "too many requests")
    case 503 where after != nil: return error(.throttled(after: after), .serverError, "unavailable, and says for how long")
    case 408: return error(.retry(after: after), .timeout, "it waited too long for us")
    case 409, 421, 423, 425: return error(.retry(after: after), .rejected, "not now")
    case 413, 414, 431: return error(.refused, .tooLarge, "too large for it")
    case 400...499: return error(.refused, .rejected, "it refuses this message")
    case 501, 505, 511: return error(.gone, .serverError, "it will never take such a request")
    case 500...599: return error(.retry(after: after), .serverError, "it has failed")
    default: return error(.retry(after: nil), .badAnswer, "no status of HTTP")
    }
}

private func redirection(_ response: HTTPResponse) -> String {
    let host = response.header("location").flatMap { WebAddress($0) }?.host
    return "a redirect" + (host.map { " to \($0.prefix(253))" } ?? "") + ", which is never followed"
}

/// The verdict for a request that got no response.
///
/// - Parameter idempotent: a resend carries an id that lets the receiver drop it. The verdict is the same, because a receiver need not do
///   so; only the text for people differs.
package func judge(_ error: TransportError, idempotent: Bool) -> DeliveryError {
    let reason = error.reason.deliveryReason
    switch error.reason {
    case .badRequest: return DeliveryError(.refused, reason, "could not be sent: \(error.detail)")
    case .forbiddenAddress where !error.sent: return DeliveryError(.suspect, reason, error.detail)
    case .unreachable, .tls, .timeout, .noAnswer, .tooLarge, .forbiddenAddress, .protocolError, .cancelled, .exhausted:
        guard error.sent else { return DeliveryError(.retry(after: nil), reason, error.detail) }
        let resend = idempotent ? "a resend bears the same id" : "a resend may show twice"
        return DeliveryError(.uncertain, reason, "\(error.detail); it may have arrived, and \(resend)")
    }
}

extension TransportError.Reason {
    fileprivate var deliveryReason: DeliveryError.Reason {
        switch self {
        case .unreachable, .noAnswer: .unreachable
        case .tls: .tls
        case .timeout: .timeout
        case .tooLarge: .tooLarge
        case .forbiddenAddress: .forbiddenAddress
        case .protocolError: .protocolError
        case .cancelled, .badRequest, .exhausted: .local
        }
    }
}
