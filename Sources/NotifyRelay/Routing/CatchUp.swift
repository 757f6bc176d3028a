import Dedup
import RelayCore

/// After an outage: what is older than the account's `catch_up` is gathered, one bundle per destination.
enum CatchUp {
    static let name = "catch-up"
    /// How long a bundle stays open, so that all that one look brings is in it. Windows close on whole multiples of it.
    static let open = Duration.seconds(60)
    /// A bundle lists this many and counts the rest.
    static let mostItems = 100

    static func joins(_ owed: [Owed], at now: Timestamp) -> [WindowJoin] {
        let minute = now.seconds.dividedDown(by: 60)
        let closes = Timestamp(seconds: (minute + 2) * 60)
        return Set(owed.map(\.destination)).sorted().map { destination in
            WindowJoin(
                kind: .quiet, name: name, destination: destination, opensAt: Timestamp(seconds: (minute + 1) * 60 - 60),
                closesAt: closes, toldAtOnce: false)
        }
    }

    /// The bundle that a closed window becomes.
    static func bundle(_ members: [Event], destination: String, opensAt: Timestamp, closesAt: Timestamp, now: Timestamp) -> Event {
        let ordered = members.sorted { ($0.occurredAt, $0.id) < ($1.occurredAt, $1.id) }
        let items = ordered.prefix(mostItems).map(DigestDetail.Item.init)
        var detail = DigestDetail(
            name: name, from: ordered.first?.occurredAt ?? opensAt, until: ordered.last?.occurredAt ?? closesAt,
            headline: "\(members.count) \(members.count == 1 ? "event" : "events") from before, told late", events: items,
            catchUp: true)
        detail.rest = members.count - items.count
        let id = EventID.bundle(name, destination: destination, closesAt: closesAt)
        return Event(
            id: id, account: nil, kind: .digest, subject: id, priority: .normal, occurredAt: closesAt, seenAt: now,
            payload: Payload(origin: ordered.first?.payload.origin ?? Origin(), detail: .digest(detail)))
    }
}

extension DigestDetail.Item {
    /// One line about one event.
    init(_ event: Event) {
        self.init(
            id: event.id, kind: event.kind, priority: event.priority, automation: event.payload.origin.automation,
            message: event.oneLine, occurredAt: event.occurredAt, runID: event.payload.origin.runID)
    }
}

extension Event {
    /// What it says, in one line of at most 200 characters.
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
