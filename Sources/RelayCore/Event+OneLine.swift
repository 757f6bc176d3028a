import RelaySupport

extension Event {
    /// The event's text for people as one line of at most 200 characters.
    package var oneLine: String {
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
