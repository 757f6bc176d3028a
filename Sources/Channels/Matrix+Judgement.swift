import RelayCore
import RelaySupport
import Transport

extension Matrix {
    /// Refines the common verdict by the `errcode`.
    /// Source: https://spec.matrix.org/v1.15/client-server-api/#standard-error-response
    static func judge(
        _ common: DeliveryError?, _ response: HTTPResponse, _ json: JSONValue, isEdit: Bool = false
    ) -> DeliveryError? {
        let status = response.status, code = json["errcode"]?.string ?? ""
        func error(_ verdict: DeliveryError.Verdict, _ reason: DeliveryError.Reason) -> DeliveryError {
            DeliveryError(verdict, reason, DeliveryError.said(status, code), status: status)
        }
        guard let common else {
            return response.errorInBody(json)
        }
        switch (status, code) {
        case (429, _):
            return error(.throttled(after: common.wish ?? DeliveryError.wait(milliseconds: json["retry_after_ms"])), .rateLimited)
        case (400, _) where isEdit && json["error"]?.string?.contains("unknown event") == true: return error(.vanished, .notFound)
        case (500..., _): return common
        case (413, "M_TOO_LARGE"), (400, "M_TOO_LARGE"): return error(.trimmings, .tooLarge)
        case (400, "M_BAD_JSON"), (400, "M_INVALID_PARAM"): return error(.trimmings, .rejected)
        case (_, "M_UNKNOWN_TOKEN"), (_, "M_MISSING_TOKEN"), (_, "M_USER_DEACTIVATED"), (_, "M_USER_SUSPENDED"), (_, "M_USER_LOCKED"):
            return error(.gone, .unauthorized)
        // The user has not joined the room or may not post in it.
        case (403, "M_FORBIDDEN"): return error(.gone, .unauthorized)
        case (_, "M_RESOURCE_LIMIT_EXCEEDED"), (_, "M_USER_LIMIT_EXCEEDED"), (_, "M_CONSENT_NOT_GIVEN"): return error(.gone, .rejected)
        case (404, "M_NOT_FOUND"), (404, "M_UNRECOGNIZED"): return error(.gone, .notFound)
        default: return code.isEmpty ? common : error(common.verdict, common.reason)
        }
    }
}

extension DeliveryError {
    /// The wait that a service states in milliseconds; nil if it is no number.
    fileprivate static func wait(milliseconds value: JSONValue?) -> Duration? {
        value?.double.flatMap { wait(seconds: .number(String($0 / 1_000))) }
    }
}
