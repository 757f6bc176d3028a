import FoundationEssentials
import RelayCore

/// Payloads as they lie in the store: JSON.
enum PayloadText {
    static func write(_ payload: Payload) throws -> String {
        String(decoding: try JSONEncoder().encode(payload), as: UTF8.self)
    }

    /// Nil and what cannot be read any more become a payload that says nothing but its kind: what is owed is told all the same.
    static func read(_ text: String?, kind: Event.Kind) -> Payload {
        guard let text, let payload = try? JSONDecoder().decode(Payload.self, from: Data(text.utf8)) else { return emptied(kind) }
        return payload
    }

    static func emptied(_ kind: Event.Kind) -> Payload {
        switch kind {
        case .notification: Payload(detail: .notification(NotificationDetail(message: gone)))
        case .run: Payload(detail: .run(RunDetail(outcome: .succeeded, summary: gone)))
        case .approval, .decision, .reminder: Payload(detail: .approval(ApprovalDetail(id: "", state: .closed, action: gone)))
        case .digest:
            Payload(detail: .digest(DigestDetail(name: "", from: .distantPast, until: .distantPast, headline: gone)))
        case .relay: Payload(detail: .relay(RelayDetail(topic: "", about: "", detail: gone)))
        }
    }

    private static let gone = "(its text is no longer kept)"

    static func write(_ options: DeliveryOptions) throws -> String? {
        options == DeliveryOptions() ? nil : String(decoding: try JSONEncoder().encode(options), as: UTF8.self)
    }

    static func options(_ text: String?) -> DeliveryOptions {
        text.flatMap { try? JSONDecoder().decode(DeliveryOptions.self, from: Data($0.utf8)) } ?? DeliveryOptions()
    }
}

/// What a destination calls its message, as a JSON object of texts.
extension Receipt {
    var text: String { JSONValue.object(remote.mapValues(JSONValue.string)).text }

    init(text: String) {
        let members = (try? JSONValue(parsing: Array(text.utf8)))?.object ?? [:]
        self.init(members.compactMapValues(\.string))
    }
}
