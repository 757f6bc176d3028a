import RelayCore
import RelaySupport
import Transport

/// A word of error in a body, and the verdict that it means.
struct ErrorWord: Sendable {
    /// A part of the text, in lower case.
    var part: String
    var verdict: DeliveryError.Verdict
    var reason: DeliveryError.Reason

    init(_ part: String, _ verdict: DeliveryError.Verdict, _ reason: DeliveryError.Reason) {
        self.part = part
        self.verdict = verdict
        self.reason = reason
    }

    /// Words that mean an error in the body of a good status, whichever service says them. The first that is found counts.
    static let common: [ErrorWord] = [
        ErrorWord("http error 429", .throttled(after: nil), .rateLimited),
        ErrorWord("http error 413", .trimmings, .tooLarge),
        ErrorWord("http error 401", .gone, .unauthorized),
        ErrorWord("http error 403", .gone, .unauthorized),
        ErrorWord("http error 404", .gone, .notFound),
        ErrorWord("http error 410", .gone, .notFound),
        ErrorWord("http error 5", .retry(after: nil), .serverError),
        ErrorWord("too many requests", .throttled(after: nil), .rateLimited),
        ErrorWord("rate limit", .throttled(after: nil), .rateLimited),
        ErrorWord("rate_limit", .throttled(after: nil), .rateLimited),
        ErrorWord("ratelimited", .throttled(after: nil), .rateLimited),
        ErrorWord("denied", .gone, .unauthorized),
        ErrorWord("expired", .gone, .unauthorized),
        ErrorWord("http error", .refused, .rejected),
        ErrorWord("invalid_", .refused, .rejected),
        ErrorWord("error", .refused, .rejected),
        ErrorWord("fail", .refused, .rejected),
    ]

    /// Phrases that hold a word of error and say that there is none.
    private static let denials = [
        "no error", "0 error", "without error", "error: 0", "errors: 0", "error: none", "error: null", "errors: none", "error=0", "error:0",
        "0 fail", "no fail", "failed: 0", "not fail", "failed=0", "failed:0", "failures: 0",
    ]

    /// The first of the words that a text holds; nil if it holds none.
    static func first(of words: [ErrorWord], in text: String) -> ErrorWord? {
        var text = text.lowercased()
        for denial in denials { text = text.replacing(denial, with: " ") }
        return words.first { text.contains($0.part) }
    }
}

extension HTTPResponse {
    private static let mostText = 8_192

    /// The verdict for a good status (2xx), for services that may say an error in its body; nil means accepted.
    ///
    /// A body that is understood decides. One without a word of error means accepted, also if nothing of it is understood, and a web page says
    /// nothing about the message at all.
    ///
    /// - Parameter own: the service's own words, which come before the common ones.
    func errorInBody(_ json: JSONValue, own: [ErrorWord] = []) -> DeliveryError? {
        guard !isPage else { return nil }
        let words: String
        switch json {
        case .object:
            guard let said = json.saidError else { return nil }
            words = said
        case .null: words = text
        case .string(let text): words = text
        case .array, .bool, .number: return nil
        }
        let isObject = json.object != nil
        guard let found = ErrorWord.first(of: own + ErrorWord.common, in: words) else {
            // An object that says by its members that it is an error needs no known word.
            return isObject ? DeliveryError(.refused, .rejected, "answered \(status), and says that it failed", status: status) : nil
        }
        return DeliveryError(found.verdict, found.reason, "answered \(status), and says '\(found.part)'", status: status)
    }

    /// The body as text, for words in it.
    var text: String { String(decoding: body.prefix(Self.mostText), as: UTF8.self).trimmed }

    /// A web page, such as a login page or the page of a proxy.
    var isPage: Bool {
        let start = String(decoding: body.prefix(512), as: UTF8.self).trimmed.lowercased()
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") { return true }
        return header("content-type")?.lowercased().hasPrefix("text/html") == true && start.hasPrefix("<")
    }

    /// What was odd about a good response.
    ///
    /// - Parameter isKnown: the service's own sign of acceptance was found.
    func remark(_ json: JSONValue, isKnown: Bool) -> Receipt.Remark? {
        if isKnown { return nil }
        return isPage ? .page : .notUnderstood("\(status), \(shape(json))\(isCut ? ", cut" : "")")
    }

    /// What came, in words that cannot hold a secret: sizes, and the names of members.
    private func shape(_ json: JSONValue) -> String {
        if body.isEmpty { return "nothing" }
        guard let members = json.object else { return json == .null ? "\(body.count) bytes of text" : "JSON that is no object" }
        let names = members.keys.sorted().prefix(5).map { String(decoding: $0.utf8.filter(\.isLetter).prefix(20), as: UTF8.self) }
        return members.isEmpty ? "an empty JSON object" : "JSON with \(names.joined(separator: ", "))"
    }
}

extension JSONValue {
    private static let states = ["error", "err", "fail", "failed", "failure", "denied", "rejected"]

    /// The words of a JSON object that says that something failed; nil if it does not say so.
    var saidError: String? {
        let isRefusal = [self["ok"], self["success"]].contains { $0?.bool == false || $0?.string?.lowercased() == "false" }
        let isState = ["result", "status", "state", "type"].contains { key in
            self[key]?.string.map { Self.states.contains($0.lowercased()) } ?? false
        }
        let named = ["error", "errors", "errcode", "exception"].compactMap { self[$0] }.filter(\.isFilled)
        guard isRefusal || isState || !named.isEmpty else { return nil }
        let words = ["error", "errors", "errcode", "message", "msg", "description", "detail", "errorType", "code", "reason"].compactMap {
            self[$0]?.words
        }
        return words.joined(separator: " ")
    }

    /// Whether a member that names an error holds one: `null`, `false`, `0`, `""`, `[]` and `{}` do not.
    private var isFilled: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .number(let text): Double(text) != 0
        case .string(let text): !["", "null", "none", "false", "0", "ok", "success"].contains(text.trimmed.lowercased())
        case .array(let items): !items.isEmpty
        case .object(let members): !members.isEmpty
        }
    }

    /// All texts of a value, at most two levels deep.
    private var words: String? { words(deep: 2) }

    private func words(deep: Int) -> String? {
        switch self {
        case .string(let text): String(text.prefix(1_000))
        case .array(let items) where deep > 0: items.prefix(10).compactMap { $0.words(deep: deep - 1) }.joined(separator: " ")
        case .object(let members) where deep > 0:
            members.sorted { $0.key < $1.key }.prefix(20).compactMap { $0.value.words(deep: deep - 1) }.joined(separator: " ")
        case .number(let text): text
        case .null, .bool, .array, .object: nil
        }
    }
}
