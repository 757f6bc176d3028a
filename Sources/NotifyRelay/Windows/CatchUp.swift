import Dedup
import RelayCore

/// After an outage: what is older than the account's `catch_up` is gathered, one bundle per destination.
enum CatchUp {
    static let name = "catch-up"
    /// A bundle lists this many and counts the rest.
    static let mostItems = 100
    static let shortest = Duration.seconds(60)
    /// It closes when all that an outage left was looked at, and after this at the latest.
    static let longest = Duration.seconds(600)

    /// Whichever bundle is open will do. A new one bears the minute after next in its id.
    static func joins(_ admission: Admission, at now: Timestamp) -> [WindowJoin] {
        let minute = now.seconds.dividedDown(by: 60)
        let held = admission.windows.filter { $0.kind != .digest }.map(\.destination)
        return Set(admission.owed.map(\.destination) + held).sorted().map { destination in
            WindowJoin(
                kind: .quiet, name: name, destination: destination, opensAt: Timestamp(seconds: minute * 60),
                closesAt: Timestamp(seconds: (minute + 2) * 60), joinsAnyOpen: true)
        }
    }

    /// The bundle that a closed window becomes; nil if nobody joined.
    static func bundle(_ contents: WindowContents, of window: Window, now: Timestamp) -> Event? {
        guard let from = contents.from, let until = contents.until else { return nil }
        var detail = DigestDetail(
            name: name, from: from, until: until,
            headline: "\(contents.count) \(contents.count == 1 ? "event" : "events") from before, told late",
            events: contents.first.map(DigestDetail.Item.init), catchUp: true)
        detail.rest = contents.count - contents.first.count
        let id = EventID.bundle(name, destination: window.destination, closesAt: window.closesAt)
        return Event(
            id: id, account: nil, kind: .digest, subject: id, priority: .normal, occurredAt: now, seenAt: now,
            payload: Payload(origin: contents.first.first?.payload.origin ?? Origin(), detail: .digest(detail)))
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
