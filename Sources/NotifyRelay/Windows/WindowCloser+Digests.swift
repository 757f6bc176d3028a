import Dedup
import Policy
import RelayCore

extension WindowCloser {
    /// The longest time after a start that digests wait for accounts that were not polled yet.
    private static let longestWait = Duration.seconds(600)
    /// A digest that closes later than this says that it is late.
    private static let late = Duration.seconds(900)

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

    /// Closes a digest before its time with the events so far.
    /// The rest of the slot becomes a window of its own.
    ///
    /// - Returns: the digest; nil if there was nothing to send.
    func closeNow(_ digest: DigestSettings) async throws(LedgerError) -> Event? {
        try await schedule(digest)
        let told = try await tell(digest, through: nil, isLate: false)
        try await schedule(digest)
        return told
    }

    /// Closes the slots that have passed as one message.
    /// There are several if the relay was down.
    private func close(_ digest: DigestSettings, _ windows: [Window]) async throws(LedgerError) {
        let now = clock.now
        var end = windows.map(\.closesAt).max() ?? now
        // The schedule is evaluated only if another slot may have passed since.
        if now > end + .seconds(60), let last = digest.schedule.previous(atOrBefore: now) { end = max(end, last) }
        _ = try await tell(digest, through: end, isLate: now > end + Self.late)
    }

    private func tell(_ digest: DigestSettings, through end: Timestamp?, isLate: Bool) async throws(LedgerError) -> Event? {
        let now = clock.now
        let maker = DigestMaker(settings: digest)
        let told = try await ledger.closeDigest(digest.name, through: end) { reader in
            let isCatchUp = isLate || end != nil && reader.windows.count > 1
            guard let (detail, staging) = try maker.detail(reader, isLate: isCatchUp) else { return nil }
            let event = digest.event(detail, staging: staging, now: now, priority: admitter.router.priority)
            return Admission(event: event, owed: owed(event, of: digest))
        }.told
        if let told { wake(Set(told.owed.map(\.destination))) }
        return told?.event
    }

    /// The digest goes to its own destinations, and to those of routes whose condition names the kind `digest`.
    private func owed(_ event: Event, of digest: DigestSettings) -> [PlannedDelivery] {
        let routes = admitter.router.applying(to: event).filter { $0.when.kind?.contains(.digest) == true }
        var told = Set(digest.to)
        let others = routes.flatMap { route in
            route.to.filter { told.insert($0).inserted }.flatMap { owed(event, to: [$0], route: .configured(route.name)) }
        }
        return owed(event, to: digest.to, route: .digest(digest.name)) + others
    }

    private func schedule(_ digest: DigestSettings) async throws(LedgerError) {
        let now = clock.now
        guard let closes = digest.schedule.next(after: now) else { return }
        try await ledger.schedule(digest.name, opensAt: digest.schedule.previous(atOrBefore: now) ?? now, closesAt: closes)
    }
}

extension DigestSettings {
    /// - Parameter priority: applies the rules of `priorities` to the event.
    func event(_ detail: DigestDetail, staging: Bool, now: Timestamp, priority: (Event) -> Priority) -> Event {
        var event = Event(
            id: EventID.digest(name, closesAt: detail.until), account: nil, kind: .digest, subject: "digest/\(name)", priority: .normal,
            occurredAt: detail.until, seenAt: now, payload: Payload(origin: Origin(staging: staging), detail: .digest(detail)))
        event.priority = priority(event)
        return event
    }
}
