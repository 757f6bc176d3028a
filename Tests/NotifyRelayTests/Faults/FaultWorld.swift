import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import Dedup
@testable import NotifyRelay

/// Some random days of a relay whose store fails repeatedly, and a record of what really happened.
///
/// Nothing runs by itself: each step lets something happen, then looks, keeps house and delivers, as the running relay does.
final class FaultWorld {
    /// `desk` closes, goes down and refuses at times, and `pager` helps it. `ops` has quiet hours at night, `boss` gets escalations, and
    /// `pager` also gets the digest and the relay's messages about itself.
    static func file(digestAt hour: String = "08:00") -> String {
        House.file(
            account: "poll: {budget: none}",
            destinations: "ops: {type: console, quiet: {from: \"22:00\", to: \"07:00\", time_zone: UTC}}, "
                + "desk: {type: console, width: 2, give_up: 30d, fallback: pager}, pager: {type: console}, boss: {type: console}",
            routes: "{name: notes, when: {kind: notification}, to: [ops, desk]}, "
                + "{name: failures, when: {kind: run, outcome: failed}, to: [desk], digest: [daily], "
                + "collapse: {by: [automation, error], within: 30m}}, "
                + "{name: requests, when: {kind: [approval, decision]}, to: [ops, desk], remind: [30m, 2h], overdue: 4h, "
                + "escalate: {after: 3h, to: [boss]}}",
            rest: "digests: {daily: {at: \"\(hour)\", time_zone: UTC, to: [pager]}}\nhealth_to: [pager]")
    }

    /// The files that a restart may bring into force.
    static let files = [file(), file(digestAt: "20:00")]
    static let destinations = ["ops", "desk", "pager", "boss"]

    struct Mute {
        var automation: String
        var from: Timestamp
        var until: Timestamp
    }

    let seed: UInt64
    let house: House
    /// The store as commands of another process open it.
    let commands: Ledger
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
    var people = People()
    var desk = Desk()
    var file = FaultWorld.file()
    var since: Timestamp?

    init(seed: UInt64) async throws {
        self.seed = seed
        chance = Chance(seed)
        faults = FaultShare(seed: seed &* 31 &+ 7, percent: 5)
        house = try await House(file)
        try await house.hurry()
        commands = try house.asCommand()
        try await commands.writes.betweenTransactions { _ = try $0.run("PRAGMA synchronous = OFF") }
        for number in 1...3 {
            let name = "Automation \(number)"
            let id = await house.world.addAutomation(name: name)
            automations.append((name, id))
        }
    }

    deinit { commands.end() }

    func failing() {
        house.ledger.faults.follow(faults.plan)
        commands.faults.follow(faults.plan)
    }

    // MARK: Playing

    /// Plays `steps` steps, and goes on until the store has failed `failures` times: how often a step asks the store changes with the relay.
    /// Four times as many steps are the most.
    func play(steps: Int, failures: Int) async throws {
        failing()
        while since == nil {
            await round()
            since = try await unharmed { try await house.ledger.feeds(account: "live").compactMap(\.since).first }
            house.clock.advance(by: .seconds(5))
        }
        for step in 0..<(4 * steps) where step < steps || faults.failed <= failures {
            try await happen()
            house.clock.advance(by: .seconds(30 + below(5_400)))
            await round()
            await keepsItsWord()
        }
    }

    /// Runs a body without faults.
    func unharmed<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        house.ledger.faults.follow(nil)
        commands.faults.follow(nil)
        defer { failing() }
        return try await body()
    }

    func below(_ bound: Int) -> Int { bound <= 0 ? 0 : Int.random(in: 0..<bound, using: &chance) }

    private func happen() async throws {
        for _ in 0..<(1 + below(4)) {
            switch below(12) {
            case 0, 1: await startRun()
            case 2, 3, 4: await note()
            case 5: await finishRun()
            case 6: await request()
            case 7: await answer()
            case 8: if below(3) == 0 { try await mute() } else { await startRun() }
            case 9: try await trouble()
            default: try await decide()
            }
        }
        switch below(20) {
        case 0...2: try await restart()
        case 3: try await halfReload()
        case 4: await again { _ = try await commands.retry(.all) }
        default: break
        }
    }

    private func startRun() async {
        let automation = below(automations.count)
        let run = await house.world.startRun(of: automations[automation].id)
        openRuns.append((run, automation))
    }

    func note() async {
        guard !openRuns.isEmpty else { return await startRun() }
        let open = openRuns[below(openRuns.count)]
        let priority = ["low", "normal", "high", "urgent"][below(4)]
        let id = await house.world.notify(run: open.run, priority: priority, message: "note \(notes.count)")
        notes.append(("live/notification/\(id)", automations[open.automation].name))
    }

    func finishRun() async {
        guard !openRuns.isEmpty else { return }
        let open = openRuns.remove(at: below(openRuns.count))
        people.changed.formUnion(people.runs.filter { $0.value == open.run }.keys)
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
        people.runs[id] = run
    }

    /// Somebody changes an approval or decides it at RevKeen itself.
    private func answer() async {
        guard !pending.isEmpty else { return }
        let index = below(pending.count)
        if below(2) == 0 {
            people.changed.insert(pending[index])
            return await house.world.changeApproval(pending[index], action: "Refund more", actions: .null)
        }
        await decideElsewhere(pending.remove(at: index))
    }

    /// Looks at everything once, keeps house and delivers.
    func round() async {
        _ = try? await house.look()
        let housekeeping = await house.relay.housekeeping
        await housekeeping.turn.take(housekeeping)
        // The next round does what fails now.
        do { try await housekeeping.remind() } catch {}
        do { try await housekeeping.carrier.carry() } catch {}
        await house.deliver()
    }

    private func keepsItsWord() async {
        let problems = await unharmed { () async -> [String]? in
            do { return try await deskProblems() + promises() } catch { return nil }
        }
        for problem in problems ?? ["the store cannot be read"] { record(problem) }
    }

    func record(_ problem: String) { Issue.record("seed \(seed), \(faults.failed) faults: \(problem)") }

    // MARK: The end

    /// The store and all destinations work again, and time passes until nothing is left to send.
    func settle() async throws {
        faults.end()
        failing()
        house.channel("desk").always(nil)
        await round()
        try await openDesk()
        _ = try await commands.retry(.all)
        await pass([31, 90, 60, 60, 300, 500])
        for problem in try await remindedOfEverything() { record(problem) }
        for approval in pending { await decideElsewhere(approval) }
        await round()
        while !openRuns.isEmpty { await finishRun() }
        await pass([3, 60, 600, 900, 1_440, 1_440])
    }

    /// Lets so many minutes pass at a time.
    private func pass(_ times: [Int]) async {
        for minutes in times {
            house.clock.advance(by: .minutes(minutes))
            for _ in 0..<2 {
                await round()
                house.clock.advance(by: .minutes(2))
            }
        }
    }
}
