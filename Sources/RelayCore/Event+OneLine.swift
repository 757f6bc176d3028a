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
            case .absence(let detail): detail.oneLine
            }
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        return line.unicodeScalars.count <= 200 ? line : String(line.unicodeScalars.prefix(199)) + "…"
    }
}

extension AbsenceDetail {
    /// What happened, without the name of the automation.
    fileprivate var oneLine: String {
        let row = inARow > 1 ? ", \(inARow) in a row" : ""
        guard let ending else { return "\(missing), due \(due)\(row)" }
        switch ending {
        case .happened: return "\(happened) \((late ?? .zero).spoken) late"
        case .replaced: return "\(missing), and the next one is late too"
        case .forgotten: return "\(missing), and it is no longer expected"
        }
    }
}
