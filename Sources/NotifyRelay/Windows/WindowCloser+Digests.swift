import Dedup
import RelayCore

extension WindowCloser {
    /// After a start digests wait no longer than this for accounts that were not looked at yet.
    private static let longestWait = Duration.seconds(600)
    /// Later than this is late, and said so.
    private static let late = Duration.seconds(900)

    /// Sees to it that each digest has a window to join: at a start, and when the file changed.
    func scheduleDigests() async throws(LedgerError) {
        for digest in admitter.router.digests { try await schedule(digest) }
    }

    func closeDigests(_ due: [Window], unless looksGoOn: () async -> Bool) async throws(LedgerError) {
        guard !admitter.router.digests.isEmpty else { return }
        if !due.isEmpty, clock.now < startedAt + Self.longestWait, await looksGoOn() { return }
        for digest in admitter.router.digests {
            let windows = due.filter { $0.name == digest.name }
            guard !windows.isEmpty else { continue }
            try await close(digest, windows)
            try await schedule(digest)
        }
    }

    /// Closes a digest before its time: what has come so far is told, and the rest of the slot is a window of its own.
    ///
    /// - Returns: what was told; nil if there was nothing to tell.
    func closeNow(_ digest: DigestSettings) async throws(LedgerError) -> Event? {
        try await schedule(digest)
        let told = try await tell(digest, through: nil, isLate: false)
        try await schedule(digest)
        return told
    }

    /// Slots that passed while the relay was down are told as one, up to the last of them.
    private func close(_ digest: DigestSettings, _ windows: [Window]) async throws(LedgerError) {
        let now = clock.now
        var end = windows.map(\.closesAt).max() ?? now
        // Only then is it worth asking the calendar.
        if now > end + .seconds(60), let last = digest.schedule.previous(atOrBefore: now) { end = max(end, last) }
        _ = try await tell(digest, through: end, isLate: now > end + Self.late)
    }

    private func tell(_ digest: DigestSettings, through end: Timestamp?, isLate: Bool) async throws(LedgerError) -> Event? {
        let now = clock.now
        let maker = DigestMaker(settings: digest)
        let told = try await ledger.closeDigest(digest.name, through: end) { gathering in
            let isCatchUp = isLate || end != nil && gathering.windows.count > 1
            guard let (detail, staging) = try maker.detail(gathering, isLate: isCatchUp) else { return nil }
            let event = digest.event(detail, staging: staging, now: now, priority: admitter.router.priority)
            return Admission(event: event, owed: owed(event, of: digest))
        }.told
        if let told { wake(Set(told.owed.map(\.destination))) }
        return told?.event
    }

    /// Where the digest goes, and wherever a route that asks for digests sends it.
    private func owed(_ event: Event, of digest: DigestSettings) -> [PlannedDelivery] {
        let routes = admitter.router.applying(to: event).filter { $0.when.kind?.contains(.digest) == true }
        var told = Set(digest.to)
        let others = routes.flatMap { route in
            route.to.filter { told.insert($0).inserted }.flatMap { owed(event, to: [$0], route: route.name) }
        }
        return owed(event, to: digest.to, route: digest.routeName) + others
    }

    private func schedule(_ digest: DigestSettings) async throws(LedgerError) {
        let now = clock.now
        guard let closes = digest.schedule.next(after: now) else { return }
        try await ledger.schedule(digest.name, opensAt: digest.schedule.previous(atOrBefore: now) ?? now, closesAt: closes)
    }
}

extension DigestSettings {
    /// What stands as the route of its deliveries.
    var routeName: String { "digest \(name)" }

    /// - Parameter priority: what the rules of the file say of an event.
    func event(_ detail: DigestDetail, staging: Bool, now: Timestamp, priority: (Event) -> Priority) -> Event {
        var event = Event(
            id: EventID.digest(name, closesAt: detail.until), account: nil, kind: .digest, subject: "digest/\(name)", priority: .normal,
            occurredAt: detail.until, seenAt: now, payload: Payload(origin: Origin(staging: staging), detail: .digest(detail)))
        event.priority = priority(event)
        return event
    }
}
