import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Some random days of a relay whose store fails repeatedly, and a record of what really happened.
///
/// Nothing runs by itself: each step lets something happen, then looks, closes windows and delivers, as the running relay does.
final class FaultWorld {
    /// `desk` closes and goes down at times, `ops` has quiet hours at night, `pager` gets the digest and the relay's messages about itself.
    static let file = House.file(
        account: "poll: {budget: none}",
        destinations:
            "ops: {type: console, quiet: {from: \"22:00\", to: \"07:00\", time_zone: UTC}}, desk: {type: console, width: 2, give_up: 30d}, "
            + "pager: {type: console}",
        routes: "{name: notes, when: {kind: notification}, to: [ops, desk]}, "
            + "{name: failures, when: {kind: run, outcome: failed}, to: [desk], digest: [daily], "
            + "collapse: {by: [automation, error], within: 30m}}, "
            + "{name: requests, when: {kind: [approval, decision]}, to: [ops, desk]}",
        rest: "digests: {daily: {at: \"08:00\", time_zone: UTC, to: [pager]}}\nhealth_to: [pager]")

    struct Mute {
        var automation: String
        var from: Timestamp
        var until: Timestamp
    }

    let seed: UInt64
    let house: House
    let faults: FaultShare
    var chance: Chance
    /// The automations with their names and ids.
    var automations: [(name: String, id: String)] = []
    var openRuns: [(run: String, automation: Int)] = []
    var pending: [String] = []
    /// The notifications that must be delivered, with the name of their automation.
    var notes: [(id: String, automation: String)] = []
    var failedRuns: [(run: String, automation: String)] = []
    var approvals: [String] = []
    var mutes: [Mute] = []
    /// The verdict of `desk` on every attempt; nil while it accepts.
    var deskIs: DeliveryError.Verdict?
    var since: Timestamp?

    init(seed: UInt64) async throws {
        self.seed = seed
        chance = Chance(seed)
        faults = FaultShare(seed: seed &* 31 &+ 7, percent: 5)
        house = try await House(Self.file)
        try await house.hurry()
        for number in 1...3 {
            let name = "Automation \(number)"
            let id = await house.world.addAutomation(name: name)
            automations.append((name, id))
        }
    }

    private func failing() { house.ledger.faults.follow(faults.plan) }

    // MARK: Playing

    func play(steps: Int) async throws {
        failing()
        while since == nil {
            await round()
            since = try await unharmed { try await house.ledger.feeds(account: "live").compactMap(\.since).first }
            house.clock.advance(by: .seconds(5))
        }
        for _ in 0..<steps {
            try await happen()
            house.clock.advance(by: .seconds(30 + below(5_400)))
            await round()
            await keepsItsWord()
        }
    }

    /// Runs a body without faults.
    func unharmed<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        house.ledger.faults.follow(nil)
        defer { failing() }
        return try await body()
    }

    func below(_ bound: Int) -> Int { bound <= 0 ? 0 : Int.random(in: 0..<bound, using: &chance) }

    private func happen() async throws {
        for _ in 0..<(1 + below(4)) {
            switch below(10) {
            case 0, 1: await startRun()
            case 2, 3, 4: await note()
            case 5: await finishRun()
            case 6: await request()
            case 7: await answer()
            case 8: if below(3) == 0 { try await mute() } else { await startRun() }
            default: try await trouble()
            }
        }
        if below(7) == 0 { try await restart() }
    }

    private func startRun() async {
        let automation = below(automations.count)
        let run = await house.world.startRun(of: automations[automation].id)
        openRuns.append((run, automation))
    }

    private func note() async {
        guard !openRuns.isEmpty else { return await startRun() }
        let open = openRuns[below(openRuns.count)]
        let priority = ["low", "normal", "high", "urgent"][below(4)]
        let id = await house.world.notify(run: open.run, priority: priority, message: "note \(notes.count)")
        notes.append(("live/notification/\(id)", automations[open.automation].name))
    }

    private func finishRun() async {
        guard !openRuns.isEmpty else { return }
        let open = openRuns.remove(at: below(openRuns.count))
        let fails = below(3) > 0
        await house.world.finishRun(open.run, outcome: fails ? .failed : .succeeded, error: fails ? "error \(below(2))" : nil)
        if fails { failedRuns.append((open.run, automations[open.automation].name)) }
    }

    private func request() async {
        guard !openRuns.isEmpty else { return }
        let run = openRuns[below(openRuns.count)].run
        let id = await house.world.requestApproval(run: run, action: "Refund \(approvals.count)")
        approvals.append(id)
        pending.append(id)
    }

    private func answer() async {
        guard !pending.isEmpty else { return }
        let index = below(pending.count)
        if below(2) == 0 { return await house.world.changeApproval(pending[index], action: "Refund more", actions: .null) }
        let approval = pending.remove(at: index)
        await house.world.decide(approval, approved: below(2) == 0)
    }

    /// A person mutes an automation, and repeats the command until it succeeds.
    private func mute() async throws {
        let automation = automations[below(automations.count)].name
        let until = house.clock.now + .seconds(600 + below(4 * 3_600))
        await again { try await house.ledger.mute(automation, until: until) }
        mutes.removeAll { $0.automation == automation && $0.until > house.clock.now }
        mutes.append(Mute(automation: automation, from: house.clock.now, until: until))
    }

    private func trouble() async throws {
        let verdicts: [DeliveryError.Verdict?] = [.transient, .gone, nil]
        deskIs = verdicts[below(verdicts.count)]
        house.channel("desk").always(deskIs)
        if deskIs == nil { try await openDesk() }
    }

    /// A person opens the lane of `desk` if it is closed, and the relay notices.
    func openDesk() async throws {
        let lane = try await house.lane("desk")
        guard case .closed = await lane.health.state else { return }
        let now = house.clock.now
        await again {
            try await house.ledger.setLane(LaneRecord(destination: "desk", state: .open, reason: nil, since: now, until: nil))
        }
        await lane.open()
    }

    private func again(_ write: () async throws -> Void) async {
        for _ in 0..<100 {
            do { return try await write() } catch { continue }
        }
        Issue.record("seed \(seed): a write fails for ever")
    }

    /// The program ends and starts again, repeatedly if the store fails. Hours may pass in which things go on.
    private func restart() async throws {
        let before = await unharmed { try? await house.record("desk")?.state }
        if below(2) == 0 {
            try await house.crash(Self.file)
            try await house.hurry()
        } else {
            await again { try await house.restart(Self.file) }
        }
        if before == .closed, try await house.lane("desk").health.isOpen { record("a restart opened a closed lane") }
        failing()
        for _ in 0..<below(4) {
            house.clock.advance(by: .seconds(60 + below(7_200)))
            await note()
            await finishRun()
        }
    }

    /// Looks at everything once, then closes windows and delivers.
    func round() async {
        _ = try? await house.look()
        let poller = await house.relay.pollers.first
        do {
            try await house.relay.closer.closeDue(unless: { await poller?.isCatchingUp() ?? false })
        } catch {}
        await house.deliver()
    }

    private func keepsItsWord() async {
        let problems = await unharmed { try? await promises() }
        for problem in problems ?? ["the store cannot be read"] { record(problem) }
    }

    func record(_ problem: String) { Issue.record("seed \(seed), \(faults.failed) faults: \(problem)") }

    // MARK: The end

    /// The store and all destinations work again, and time passes until nothing is left to send.
    func settle() async throws {
        faults.end()
        failing()
        house.channel("desk").always(nil)
        try await openDesk()
        await round()
        for approval in pending { await house.world.decide(approval, approved: true) }
        await round()
        while !openRuns.isEmpty { await finishRun() }
        for minutes in [3, 10, 60, 600, 900, 1_440, 1_440, 1_440] {
            house.clock.advance(by: .minutes(minutes))
            for _ in 0..<3 {
                await round()
                house.clock.advance(by: .minutes(2))
            }
        }
    }
}
