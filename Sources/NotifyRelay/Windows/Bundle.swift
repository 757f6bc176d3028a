import Dedup
import RelayCore

/// What was held for one destination, told as one.
struct Bundle: Sendable {
    /// As ids say it.
    enum Why: String, Sendable { case quiet, storm, mute }

    let why: Why
    let destination: String
    let now: Timestamp

    /// Nil if nobody joined.
    func event(_ gathering: WindowReader) throws -> Event? {
        guard let (detail, priority, staging) = try detail(gathering) else { return nil }
        let id = EventID.bundle(why.rawValue, destination: destination, closesAt: gathering.closesAt)
        return Event(
            id: id, account: nil, kind: .digest, subject: id, priority: priority, occurredAt: now, seenAt: now,
            payload: Payload(origin: Origin(staging: staging), detail: .digest(detail)))
    }

    private func detail(_ gathering: WindowReader) throws -> (DigestDetail, Priority, staging: Bool)? {
        let isCount = why == .storm && !gathering.windows.contains { $0.name == Self.ceilingName }
        return isCount ? try counted(gathering) : try held(gathering)
    }

    static let ceilingName = "ceiling"

    private func held(_ gathering: WindowReader) throws -> (DigestDetail, Priority, staging: Bool)? {
        var fold = BundleFold()
        try gathering.eachMember { if !$0.toldAtOnce { fold.add($0.event) } }
        guard fold.members > 0 else { return nil }
        let detail = try fold.detail(
            name: why == .storm ? Self.ceilingName : why.rawValue, from: gathering.opensAt, until: gathering.closesAt,
            headline: "\(DigestHeadline.counted(fold.members, "event")) \(reason(gathering))",
            isWell: { try !gathering.streak($0).isFailing })
        return (detail, fold.priority, fold.isStaging)
    }

    private func reason(_ gathering: WindowReader) -> String {
        switch why {
        case .quiet: return "held in quiet hours"
        case .storm: return "more than the ceiling of \(destination) lets through"
        case .mute:
            let names = Set(gathering.windows.map { String($0.name.dropFirst(Mute.windowPrefix.count)) }).sorted()
            return "held while muted: \(names.joined(separator: ", "))"
        }
    }

    /// One line for each kind of things of which the first was told.
    private func counted(_ gathering: WindowReader) throws -> (DigestDetail, Priority, staging: Bool)? {
        var items: [DigestDetail.Item] = [], total = 0, priority = Priority.low, staging = false, rest = 0
        for window in gathering.windows {
            guard let (count, last) = try gathering.counted(in: window) else { continue }
            total += count
            priority = max(priority, last.priority)
            staging = staging || last.payload.origin.staging
            guard items.count < BundleFold.mostItems else {
                rest += count
                continue
            }
            var item = DigestDetail.Item(last)
            item.message = "\(count) more like it, the last: \(item.message)"
            items.append(item)
        }
        guard total > 0 else { return nil }
        var detail = DigestDetail(
            name: why.rawValue, from: gathering.opensAt, until: gathering.closesAt,
            headline: "\(total) more like \(gathering.windows.count == 1 ? "the one" : "those") already told", events: items)
        detail.rest = rest
        return (detail, priority, staging)
    }
}
