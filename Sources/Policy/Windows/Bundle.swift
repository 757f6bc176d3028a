package import Dedup
package import RelayCore

/// The message of closed windows of one kind, for one destination.
package struct Bundle: Sendable {
    let kind: BundleKind
    let destination: String
    let now: Timestamp

    /// A bundle of what an outage left lists this many events and counts the rest.
    private static let mostLateItems = 100

    private struct Contents {
        var detail: DigestDetail
        var priority: Priority
        var origin: Origin
    }

    package init(kind: BundleKind, destination: String, now: Timestamp) {
        self.kind = kind
        self.destination = destination
        self.now = now
    }

    /// Nil if the windows have no members to tell of.
    package func event(_ reader: WindowReader) throws -> Event? {
        guard let contents = try contents(reader) else { return nil }
        let id = EventID.bundle(kind.route.rawValue, destination: destination, closesAt: reader.closesAt)
        return Event(
            id: id, account: nil, kind: .digest, subject: id, priority: contents.priority, occurredAt: now, seenAt: now,
            payload: Payload(origin: contents.origin, detail: .digest(contents.detail)))
    }

    private func contents(_ reader: WindowReader) throws -> Contents? {
        switch kind {
        case .quiet: try held(reader, because: "held in quiet hours")
        case .mute: try held(reader, because: "held while muted: \(Set(reader.windows.map(\.name)).sorted().joined(separator: ", "))")
        case .ceiling: try held(reader, because: "more than the ceiling of \(destination) lets through")
        case .storm: try counted(reader)
        case .catchUp: try late(reader)
        }
    }

    /// One line for each kind of event, because none of them was told.
    private func held(_ reader: WindowReader, because reason: String) throws -> Contents? {
        var fold = BundleFold()
        try reader.eachMember { if !$0.toldAtOnce { fold.add($0.event) } }
        guard fold.members > 0 else { return nil }
        let detail = try fold.detail(
            name: kind.name, from: reader.opensAt, until: reader.closesAt,
            headline: "\(DigestHeadline.counted(fold.members, "event")) \(reason)", isWell: { try !reader.streak($0).isFailing },
            isOver: { try reader.isOver($0) })
        return Contents(detail: detail, priority: fold.priority, origin: Origin(staging: fold.isStaging))
    }

    /// One line with a count for each window, because its first event was told.
    private func counted(_ reader: WindowReader) throws -> Contents? {
        var items: [DigestDetail.Item] = [], total = 0, priority = Priority.low, staging = false, rest = 0
        for window in reader.windows {
            guard let (count, last) = try reader.counted(in: window) else { continue }
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
            name: kind.name, from: reader.opensAt, until: reader.closesAt,
            headline: "\(total) more like \(reader.windows.count == 1 ? "the one" : "those") already told", events: items)
        detail.rest = rest
        return Contents(detail: detail, priority: priority, origin: Origin(staging: staging))
    }

    /// The events that occurred first, each with its own line, and the count of the others.
    private func late(_ reader: WindowReader) throws -> Contents? {
        guard let span = try reader.span() else { return nil }
        let first = try reader.earliest(Self.mostLateItems)
        var detail = DigestDetail(
            name: kind.name, from: span.from, until: span.until,
            headline: "\(DigestHeadline.counted(span.count, "event")) from before, told late", events: first.map(DigestDetail.Item.init),
            catchUp: true)
        detail.rest = span.count - first.count
        return Contents(detail: detail, priority: .normal, origin: first.first?.payload.origin ?? Origin())
    }
}
