/// Scenes that take seconds, because a daemon waits in them. Each scene is played once, and several tests check its findings.
///
/// In a whole run the scenes start with the first test that has a stage, and play beside the tests that follow. The tests that check them
/// are in files whose names sort last.
enum SlowScenes {
    static let badDay = Task { try await BadDay.play() }
    static let deliveries = Task { try await DaemonDeliveries.play() }
    static let demo = Task { try await Demo.play() }
    static let fileLimit = Task { try await NoRoom.play(by: .fileLimit) }
    static let fullDisk = Task { try await NoRoom.play(by: .fullDisk) }
    static let keptAnswers = Task { try await KeptAnswers.play() }
    static let reload = Task { try await Reload.play() }
    static let serving = Task { try await Serving.play() }

    /// Starts all scenes in a whole run; does nothing if the tests are filtered.
    static let begunInWholeRun: Void = {
        if CommandLine.arguments.contains("--filter") { return }
        _ = (badDay, deliveries, demo, fileLimit, keptAnswers, reload, serving)
        if SmallDisk.isPossible { _ = fullDisk }
    }()
}
