import RelayCore
import RelaySupport

/// The content of an error body, in any of the formats that RevKeen's routes still send.
/// These are `{"error":{"code","message"}}`, `{"error":"CODE","message"}`, `{"error":"text"}` and `{"code","message"}`. All fields are nil
/// for HTML, text or no body.
/// Source: https://docs.revkeen.com/docs/errors
struct ErrorEnvelope: Equatable {
    /// The error code, in lower case.
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
        // An `error` text alone is the message; next to a message it is the code.
        message = (said ?? text)?.repaired(most: 2000)
        code = (envelope["code"]?.word ?? (said == nil ? nil : text))?.lowercased().repaired(most: 100)
        retryAfterSeconds = envelope["details"]?["retry_after"]?.double ?? json["details"]?["retry_after"]?.double
    }

    /// `code: message`, or the one of them that exists; empty if neither does.
    var text: String { [code, message].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ": ") }
}
