import RelayCore
import RelaySupport

extension DigestDetail.Item {
    /// One line about one event.
    init(_ event: Event) {
        self.init(
            id: event.id, kind: event.kind, priority: event.priority, automation: event.payload.origin.automation,
            message: event.oneLine, occurredAt: event.occurredAt, runID: event.payload.origin.runID)
    }
}

extension Event {
    /// The event in one line of at most 200 characters.
    var oneLine: String {
        let text =
            switch payload.detail {
            case .notification(let detail): detail.message
            case .run(let detail): "\(detail.outcome.rawValue): \(detail.error ?? detail.summary ?? "no summary")"
            case .approval(let detail): "\(detail.state.rawValue): \(detail.action ?? "no summary")"
            case .digest(let detail): detail.headline
            case .relay(let detail): detail.detail
            }
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        return line.unicodeScalars.count <= 200 ? line : String(line.unicodeScalars.prefix(199)) + "…"
    }
}
