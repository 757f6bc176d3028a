import RelayCore

/// Responses stored under their `Idempotency-Key` for 24 h.
/// Source: https://docs.revkeen.com/docs/fundamentals/idempotency
struct StoredResponses: Sendable {
    enum Finding {
        case new
        case replay(WebResponse)
        /// The same key came with a different body.
        case conflict
    }

    private struct Stored {
        var body: [UInt8]
        var answer: WebResponse
        var at: Timestamp
    }

    private static let lifetime: Duration = .seconds(86_400)
    private static let most = 20_000
    private var answers: [String: Stored] = [:]

    func find(_ scope: String, body: [UInt8], now: Timestamp) -> Finding {
        guard let stored = answers[scope], stored.at + Self.lifetime > now else { return .new }
        guard stored.body == body else { return .conflict }
        var answer = stored.answer
        answer.headers.append(("Idempotency-Replayed", "true"))
        return .replay(answer)
    }

    /// Stores a 2xx or final 4xx response.
    /// A response that may change later (401, 429, 5xx) is not stored.
    mutating func keep(_ answer: WebResponse, as scope: String, body: [UInt8], now: Timestamp) {
        guard answer.status < 500, answer.status != 401, answer.status != 429 else { return }
        if answers.count >= Self.most { answers = answers.filter { $0.value.at + Self.lifetime > now } }
        guard answers.count < Self.most else { return }
        answers[scope] = Stored(body: body, answer: answer, at: now)
    }
}
