import Channels
import Dedup
import Policy
import RelayCore
import RelayTesting
import Testing

@testable import NotifyRelay

/// What people do with commands, which are another process, and what happens to the program and to `desk`.
extension FaultWorld {
    /// The state of the lane of `desk`, as the world knows it.
    struct Desk {
        /// It was closed when it was last checked, in this run of the program.
        var wasClosed = false
        /// A command has opened it, and the lane was not seen open since.
        var mayOpen = false
    }

    /// A person mutes an automation, and repeats the command until it succeeds.
    func mute() async throws {
        let automation = automations[below(automations.count)].name
        let until = house.clock.now + .seconds(600 + below(4 * 3_600))
        await again { try await commands.mute(automation, until: until) }
        mutes.removeAll { $0.automation == automation && $0.until > house.clock.now }
        mutes.append(Mute(automation: automation, from: house.clock.now, until: until))
    }

    func trouble() async throws {
        switch below(7) {
        case 0, 1: house.channel("desk").always(.transient)
        case 2, 3: house.channel("desk").always(.gone)
        case 4: house.channel("desk").answer { $0.event.kind == .notification ? .refused : nil }
        default:
            house.channel("desk").always(nil)
            try await openDesk()
        }
    }

    private var isDeskClosed: Bool {
        get async throws {
            guard case .closed = try await house.lane("desk").health.state else { return false }
            return true
        }
    }

    /// A person opens the lane of `desk` if it is closed. The relay finds that in the store at its next turn.
    func openDesk() async throws {
        guard try await isDeskClosed else { return }
        let now = house.clock.now
        await again { try await commands.setLane(LaneRecord(destination: "desk", state: .open, reason: nil, since: now, until: nil)) }
        desk.mayOpen = true
    }

    func again(_ write: () async throws -> Void) async {
        for _ in 0..<100 {
            do { return try await write() } catch { continue }
        }
        Issue.record("seed \(seed): a write fails for ever")
    }

    /// The program ends and starts again, sometimes with another file, and repeatedly if the store fails. Hours may pass in which things
    /// go on.
    func restart() async throws {
        let before = try await unharmed { try await house.record("desk")?.state }
        file = Self.files[below(4) == 0 ? 1 : 0]
        if below(2) == 0 {
            try await house.crash(file)
            try await house.hurry()
        } else {
            await again { try await house.restart(file) }
        }
        let isClosed = try await isDeskClosed
        if before == .closed, !isClosed { record("a restart opened a closed lane") }
        desk = Desk(wasClosed: isClosed, mayOpen: false)
        failing()
        for _ in 0..<below(4) {
            house.clock.advance(by: .seconds(60 + below(7_200)))
            await note()
            await finishRun()
        }
    }

    /// A reload writes what its file changes, but is told that this failed, so that the old generation stays.
    func halfReload() async throws {
        let other = try house.generation(Self.files[below(2)]).adoption(at: house.clock.now)
        house.ledger.faults.follow { $0.writes("adopt") ? StoreFault(.ioError, .after) : nil }
        await #expect(throws: LedgerError.self) { try await house.ledger.adopt(other) }
        failing()
    }

    /// Only a command opens a closed lane.
    func deskProblems() async throws -> [String] {
        let isClosed = try await isDeskClosed
        defer {
            desk.wasClosed = isClosed
            if !isClosed { desk.mayOpen = false }
        }
        return desk.wasClosed && !isClosed && !desk.mayOpen ? ["desk was opened by nobody"] : []
    }
}
