import Pages
import RelaySupport

/// How urgent a message looks, by what its format says: the inbox shows at a glance what a person would see at once.
enum Urgency: String {
    case urgent, high, low

    /// Nil for a message of normal urgency.
    init?(of message: InboxMessage) {
        switch message.kind {
        case .webhook:
            guard let word = (message.json?["data"]?["priority"] ?? message.json?["priority"])?.string else { return nil }
            self.init(rawValue: word)
        case .mail:
            switch message.mail?.header("x-priority") {
            case "1": self = .urgent
            case "2": self = .high
            case "5": self = .low
            default: return nil
            }
        default:
            // The relay says it in the title of a notification, and at the beginning of the last line of every message.
            let text = String(decoding: message.raw, as: UTF8.self)
            if text.contains("URGENT: ") || text.contains("\"urgent · ") {
                self = .urgent
            } else if text.contains("Important: ") || text.contains("\"high · ") {
                self = .high
            } else {
                return nil
            }
        }
    }

    /// The class of a card; empty for normal urgency.
    static func cardClass(_ message: InboxMessage) -> String { Urgency(of: message).map { " \($0.rawValue)" } ?? "" }

    /// A word beside the colour, for those who do not see it. What is low needs none.
    static func tag(_ message: InboxMessage) -> Markup? {
        guard let urgency = Urgency(of: message), urgency != .low else { return nil }
        return " <span class=\"tag \(urgency.rawValue)\">\(urgency.rawValue)</span>"
    }
}
