import RelayCore

/// The runs of the demo's automation that is due at each full minute. Every third one starts late, so that the relay has something to tell.
struct Backups {
    private static let late: Int64 = 35
    private let automation: String
    /// The last minute whose run has started, counted from 1970.
    private var done: Int64

    init(_ automation: String, at now: Timestamp) {
        self.automation = automation
        done = now.seconds / 60
    }

    mutating func play(at now: Timestamp, in world: StandInRevKeen) async {
        let minute = now.seconds / 60
        guard minute > done, minute % 3 != 1 || now.seconds % 60 >= Self.late else { return }
        done = minute
        let run = await world.startRun(of: automation)
        await world.finishRun(run, outcome: .succeeded, summary: "The ledger was copied.")
    }
}
