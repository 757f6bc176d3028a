import RelayCore

/// The runs of the demo's automation that is due at each full minute. Of three one starts late and one hangs, so that the relay has something
/// to tell.
struct Backups {
    private static let late: Int64 = 35
    private static let hangs = Duration.seconds(32)
    private let automation: String
    /// The last minute whose run has started, counted from 1970.
    private var done: Int64
    /// The run that hangs, and when it ends.
    private var hanging: (run: String, until: Timestamp)?

    init(_ automation: String, at now: Timestamp) {
        self.automation = automation
        done = now.seconds / 60
    }

    mutating func play(at now: Timestamp, in world: StandInRevKeen) async {
        if let (run, until) = hanging, until <= now {
            hanging = nil
            await finish(run, in: world)
        }
        let minute = now.seconds / 60
        guard minute > done, minute % 3 != 1 || now.seconds % 60 >= Self.late else { return }
        done = minute
        let run = await world.startRun(of: automation)
        if minute % 3 == 2, hanging == nil { hanging = (run, now + Self.hangs) } else { await finish(run, in: world) }
    }

    private func finish(_ run: String, in world: StandInRevKeen) async {
        await world.finishRun(run, outcome: .succeeded, summary: "The ledger was copied.")
    }
}
