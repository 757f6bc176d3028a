import RelayCore
import RelaySupport
import Transport

/// One request, without its host and its key.
struct Call {
    var method: String
    /// Encoded path segments below the base URL.
    var path: [String]
    /// Encoded `name=value` pairs.
    var query: [String] = []
    var body: [UInt8]?
    /// The beginning of an answer that is too large, even in its turn, is of use.
    var keepsBeginning = false
    var idempotencyKey: String?
    var urgency: RequestBudget.Urgency

    /// The scope that the key needs.
    var scope: String { method == "GET" ? "automations:read" : "automations:write" }
}

extension RevKeenClient {
    /// How long requests pause after a 429 that does not state a wait.
    private static let defaultPause = Duration.seconds(5)

    /// Sends one request within the budget and returns any 2xx response.
    ///
    /// - Throws: `RevKeenError` for any other status and if no response came.
    func exchange(_ call: Call) async throws(RevKeenError) -> HTTPResponse {
        let number: Int
        do throws(RequestBudget.NotEntered) {
            number = try await budget.enter(call.urgency)
        } catch {
            throw RevKeenError(error)
        }
        defer { budget.leave() }
        let response = try await send(call)
        if let limit = response.rateLimit { budget.learn(limit: limit) }
        if let remaining = response.remaining { budget.learn(remaining: remaining, from: number) }
        guard !(200..<300).contains(response.status) else { return response }
        let error = refusal(response, of: call)
        if error.reason == .rateLimited || error.retryAfter != nil {
            budget.pause(call.urgency, for: error.retryAfter ?? Self.defaultPause, isTooMany: error.reason == .rateLimited)
        }
        throw error
    }

    private func send(_ call: Call) async throws(RevKeenError) -> HTTPResponse {
        do throws(TransportError) {
            return try await transport.send(request(for: call))
        } catch {
            throw RevKeenError(.init(error.reason), SafeText(key: account.key).clean(error.detail))
        }
    }

    private func request(for call: Call) -> HTTPRequest {
        let query = call.query.isEmpty ? "" : "?" + call.query.joined(separator: "&")
        let url = "\(account.baseURL)/\(call.path.joined(separator: "/"))\(query)"
        var request = HTTPRequest(
            call.method, Secret(url),
            headers: [
                ("x-api-key", account.key), ("RevKeen-Version", Secret(Self.version)), ("Accept", Secret("application/json")),
                ("User-Agent", Secret("NotifyRelay/\(release)")),
            ], body: call.body, network: account.network)
        if call.body != nil { request.headers.append(("Content-Type", Secret("application/json"))) }
        if let key = call.idempotencyKey { request.headers.append(("Idempotency-Key", Secret(key))) }
        // A person waits for what is read before a decision. The decision itself may take longer.
        if call.urgency == .decision, call.body == nil, call.idempotencyKey == nil { request.timeout = Self.patienceOfAPerson }
        request.maximumAnswer = LargeAnswers.isInTurn ? Self.maximumAnswer : LargeAnswers.small
        request.keepsBeginning = call.keepsBeginning && LargeAnswers.isInTurn
        return request
    }

    private func refusal(_ response: HTTPResponse, of call: Call) -> RevKeenError {
        let envelope = ErrorEnvelope(body: response.body)
        let reason = RevKeenError.Reason(status: response.status, code: envelope.code)
        let hint =
            switch reason {
            case .unauthorized: ", the key of account \(account.name) is refused"
            case .forbidden: ", the key of account \(account.name) probably lacks the scope \(call.scope)"
            default: ""
            }
        let said = envelope.text.isEmpty ? "" : ": \(envelope.text)"
        return RevKeenError(
            reason, SafeText(key: account.key).clean("HTTP \(response.status)\(hint)\(said)"), status: response.status,
            retryAfter: response.status >= 400 ? StatedWait.read(response, envelope: envelope, now: clock.now) : nil)
    }
}
