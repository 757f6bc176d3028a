/// What takes seconds, because a daemon waits in it. Each scene is played once, and the tests then ask what it showed.
///
/// In a whole run they are begun with the first test that has a stage, and play beside the tests that follow: those that ask for them
/// are in files whose names come late.
enum SlowScenes {
    static let badDay = Task { try await BadDay.play() }
    static let debts = Task { try await DebtsOfDaemon.play() }
    static let demo = Task { try await Demo.play() }
    static let fileLimit = Task { try await NoRoom.play(by: .fileLimit) }
    static let fullDisk = Task { try await NoRoom.play(by: .fullDisk) }
    static let keptAnswers = Task { try await KeptAnswers.play() }
    static let reload = Task { try await Reload.play() }
    static let serving = Task { try await Serving.play() }

    /// Nothing where only some tests were asked for.
    static let begunInWholeRun: Void = {
        if CommandLine.arguments.contains("--filter") { return }
        _ = (badDay, debts, demo, fileLimit, keptAnswers, reload, serving)
        if SmallDisk.isPossible { _ = fullDisk }
    }()
}
