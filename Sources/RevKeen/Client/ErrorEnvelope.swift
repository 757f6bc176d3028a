import RelayCore

/// What the body of an error says, in any of the shapes that RevKeen's routes still send:
/// `{"error":{"code","message"}}`, `{"error":"CODE","message"}`, `{"error":"text"}`, `{"code","message"}`; nothing for HTML, text
/// or no body. Source: https://docs.revkeen.com/docs/errors
struct ErrorEnvelope: Equatable {
    /// In lower case.
    var code: String?
    var message: String?
    /// `details.retry_after`, in seconds.
    var retryAfterSeconds: Double?

    init(body: [UInt8]) {
        guard let json = try? JSONValue(parsing: body) else { return }
        let inner = json["error"]
        let envelope = inner?.object == nil ? json : inner ?? json
        let text = inner?.object == nil ? inner?.word : nil
        let said = envelope["message"]?.word
        // A text alone is the message; beside a message it is the code.
        message = (said ?? text)?.repaired(most: 2000)
        code = (envelope["code"]?.word ?? (said == nil ? nil : text))?.lowercased().repaired(most: 100)
        retryAfterSeconds = envelope["details"]?["retry_after"]?.double ?? json["details"]?["retry_after"]?.double
    }

    /// `code: message`, as far as either is there.
    var text: String { [code, message].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ": ") }
}
