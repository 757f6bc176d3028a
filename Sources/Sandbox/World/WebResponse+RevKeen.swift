import RelayCore
import RelaySupport

/// Responses in RevKeen's envelopes.
/// Source: https://docs.revkeen.com/docs/errors
extension WebResponse {
    static func json(_ status: Int, _ value: JSONValue) -> WebResponse {
        WebResponse(status, headers: [("Content-Type", "application/json")], body: value.bytes)
    }

    static func data(_ value: JSONValue, _ status: Int = 200) -> WebResponse { .json(status, ["data": value]) }

    static func error(
        _ status: Int, type: String = "invalid_request_error", code: String, _ message: String, param: String? = nil,
        details: JSONValue? = nil
    ) -> WebResponse {
        var error: [String: JSONValue] = ["type": .string(type), "code": .string(code), "message": .string(message)]
        error["param"] = param.map(JSONValue.string)
        error["details"] = details
        return .json(status, ["error": .object(error)])
    }

    static let malformed = error(400, code: "validation_error", "The body is not a JSON object")
    static let forbidden = error(
        403, type: "permission_error", code: "insufficient_permissions", "This key lacks the scope automations:write")

    static var invalidKey: WebResponse {
        var answer = error(401, type: "authentication_error", code: "invalid_api_key", "No valid API key was given")
        answer.headers.append(("WWW-Authenticate", "Bearer realm=\"revkeen-api\""))
        return answer
    }

    static var dropped: WebResponse {
        var answer = WebResponse(0)
        answer.dropsConnection = true
        return answer
    }

    static func invalid(_ parameter: String, _ problem: String) -> WebResponse {
        error(
            400, code: "validation_error", "\(parameter): \(problem)", param: parameter,
            details: ["fields": [parameter: [.string(problem)]]])
    }

    static func missing(_ message: String) -> WebResponse { error(404, code: "resource_missing", message) }

    static func conflict(_ code: String, _ message: String) -> WebResponse { error(409, code: code, message) }

    static func rateLimited(_ seconds: Int) -> WebResponse {
        var answer = error(
            429, type: "rate_limit_error", code: "rate_limit_exceeded", "Too many requests", details: ["retry_after": .int(seconds)])
        answer.headers.append(("Retry-After", "\(seconds)"))
        return answer
    }

    static func failure(_ status: Int) -> WebResponse {
        switch status {
        case 401: invalidKey
        case 403: forbidden
        case 404: missing("Not found")
        case 409: conflict("conflict", "The state has changed meanwhile")
        case 429: error(429, type: "rate_limit_error", code: "rate_limit_exceeded", "Too many requests")
        case ..<500: error(status, code: "invalid_request", "The request was refused")
        default: error(status, type: "api_error", code: "internal_error", "Something went wrong on our side")
        }
    }

    /// The page that a proxy in front of the API sends when the API does not respond.
    static func page(_ status: Int) -> WebResponse {
        let title = "\(status) Bad Gateway"
        return WebResponse(
            status, type: "text/html",
            "<html>\r\n<head><title>\(title)</title></head>\r\n<body>\r\n<center><h1>\(title)</h1></center>\r\n</body>\r\n</html>\r\n")
    }
}
