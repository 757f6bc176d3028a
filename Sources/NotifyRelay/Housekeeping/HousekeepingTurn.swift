import Dedup
import Logging
import Policy
import RelayCore
import RelaySupport

/// The work that housekeeping does each second, and the state that it keeps from one turn to the next, across reloads.
///
/// The parts of a turn are independent: if the store fails in one of them, the others still run.
actor HousekeepingTurn {
    private var clockWatch: ClockWatch
    private var fallbacks = FallbackWatch()
    private var dead = DeadWatch()
    /// Another process wrote to the store, and the lanes have not read that yet.
    private var hasCommands = false
    /// By how much the clock was set back while the store is not shifted yet; zero or negative.
    private var unshifted = Duration.zero
    /// By how much the clock was set while the mutes are not moved yet.
    private var unshiftedMutes = Duration.zero
    /// Windows and held deliveries are not reckoned anew yet. True at the start, because the clock may have been set meanwhile.
    private var isUnreckoned = true

    init(clock: any WallClock) { clockWatch = ClockWatch(clock: clock) }

    func take(_ house: Housekeeping) async {
        if let jump = clockWatch.jump() { await adjust(house, to: jump) }
        await attempt(house) { () async throws(LedgerError) in try await self.shiftStore(house) }
        await attempt(house) { () async throws(LedgerError) in try await self.reckon(house) }
        if await house.ledger.changedElsewhere() { hasCommands = true }
        await attempt(house) { () async throws(LedgerError) in try await self.heedCommands(house) }
        await attempt(house) { () async throws(LedgerError) in
            try await house.closer.closeDue(unless: { await Self.isAnyCatchingUp(house.pollers) })
        }
        await attempt(house) { () async throws(LedgerError) in try await self.helpIllLanes(house) }
        await attempt(house) { () async throws(LedgerError) in try await self.helpDead(house) }
        await house.reports.tellUntold()
        if house.storeHealth.fault != nil { _ = await house.storeHealth.check() }
    }

    private func attempt(_ house: Housekeeping, _ work: () async throws(LedgerError) -> Void) async {
        do throws(LedgerError) { try await work() } catch { house.storeHealth.note(error) }
    }

    private static func isAnyCatchingUp(_ pollers: [AccountPoller]) async -> Bool {
        for poller in pollers where await poller.isCatchingUp() { return true }
        return false
    }

    /// Applies what commands changed. A command opens a lane by writing that to the store. While the store cannot be read, no lane changes.
    private func heedCommands(_ house: Housekeeping) async throws(LedgerError) {
        guard hasCommands else { return }
        hasCommands = false
        let records: [LaneRecord]
        do throws(LedgerError) {
            records = try await house.ledger.lanes()
        } catch {
            hasCommands = true
            throw error
        }
        let stored = Dictionary(records.map { ($0.destination, $0) }, uniquingKeysWith: { $1 })
        for lane in house.lanes.lanes {
            await lane.heed(stored[await lane.destination.name])
            lane.wakeup.signal()
        }
    }

    private func helpIllLanes(_ house: Housekeeping) async throws(LedgerError) {
        guard fallbacks.isRoundDue(at: house.clock.now) else { return }
        for lane in house.lanes.lanes {
            let health = await lane.health
            try await house.fallback.help(await lane.destination, health)
        }
    }

    /// Looks for dead deliveries. Rounds do not overlap, so the watch can be taken out meanwhile.
    private func helpDead(_ house: Housekeeping) async throws(LedgerError) {
        guard dead.isRoundDue(deaths: house.deaths.value, at: house.clock.now) else { return }
        var watch = dead
        defer { dead = watch }
        do throws(LedgerError) {
            try await house.deadHelp.help(&watch)
        } catch {
            watch.repeatRound()
            throw error
        }
    }

    private func adjust(_ house: Housekeeping, to jump: Duration) async {
        if jump < .seconds(-60) {
            unshifted += jump
            for lane in house.lanes.lanes { await lane.shift(by: jump) }
            for poller in house.pollers { await poller.shift(by: jump) }
        }
        unshiftedMutes += jump
        isUnreckoned = true
        if jump > .seconds(300) || jump < .seconds(-300) {
            let topic = SelfReport.Topic(name: "clock", about: "clock", account: nil)
            let way = jump > .zero ? "forward" : "back"
            await house.reports.once(topic, "the clock was set \(way) by \((jump < .zero ? .zero - jump : jump).spoken)")
        }
        house.lanes.wakeAll()
    }

    /// Reckons open windows and what is held anew from their schedules and the present time. It is done again until it succeeds.
    private func reckon(_ house: Housekeeping) async throws(LedgerError) {
        let shift = unshiftedMutes
        if shift != .zero {
            try await house.ledger.shiftMutes(by: shift)
            unshiftedMutes -= shift
        }
        guard isUnreckoned else { return }
        let now = house.clock.now, router = house.generation.router
        let moved = try await house.ledger.reckon(Reckoning(quietEnds: router.quietEnds(at: now), longestCatchUp: CatchUp.longest))
        for digest in router.digests {
            guard let closes = digest.schedule.next(after: now) else { continue }
            try await house.ledger.schedule(
                digest.name, opensAt: digest.schedule.previous(atOrBefore: now) ?? now, closesAt: closes)
        }
        isUnreckoned = false
        if moved > 0 { house.lanes.wakeAll() }
    }

    /// Shifts the due times in the store by as much as the clock was set back. The shift is kept until that succeeds.
    private func shiftStore(_ house: Housekeeping) async throws(LedgerError) {
        let shift = unshifted
        guard shift != .zero else { return }
        try await house.ledger.shiftHeld(by: shift)
        unshifted -= shift
        house.lanes.wakeAll()
    }
}
