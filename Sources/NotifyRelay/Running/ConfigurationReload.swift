import Channels
import Dedup
import Foundation
import Logging
import RelayCore
import RelaySupport

/// Reads the configuration again, at SIGHUP and when its files have changed, and hands it to the relay.
///
/// A configuration with errors, or one that the store refuses, is logged and changes nothing. The settings of `server` stay as they are
/// until a restart.
actor ConfigurationReload {
    /// How often the files are hashed.
    static let watchEvery = Duration.seconds(10)
    /// A change is adopted if it is still the same after this time, so that a file is not read while it is being written.
    static let settleTime = Duration.seconds(1)

    private let path: String
    private let server: Configuration.Server
    private let tools: ChannelTools
    private let keys: LinkKeys
    private let relay: Relay
    private let metrics: Metrics
    private let clock: any WallClock
    private let logger: Logger
    private let manager: ServiceManager
    private let turn = AsyncMutex()
    private var files: ConfigurationFiles
    private var seen: FileChange
    /// The last reload was good.
    private var isAsWritten = true

    init(
        path: String, server: Configuration.Server, tools: ChannelTools, keys: LinkKeys, relay: Relay, metrics: Metrics,
        clock: any WallClock, logger: Logger, manager: ServiceManager = ServiceManager(environment: [:])
    ) {
        self.path = path
        self.server = server
        self.tools = tools
        self.keys = keys
        self.relay = relay
        self.metrics = metrics
        self.clock = clock
        self.logger = logger
        self.manager = manager
        files = ConfigurationFiles.used(by: path)
        seen = FileChange(adopted: files.digest)
        metrics.reloaded(true, at: clock.now)
    }

    /// Checks the files for changes until the task is cancelled.
    func watch() async {
        var wait = Self.watchEvery
        while !Task.isCancelled {
            try? await clock.sleep(for: wait)
            if Task.isCancelled { return }
            wait = await watchOnce()
        }
    }

    /// - Returns: how long to wait before the next check.
    func watchOnce() async -> Duration {
        switch seen.look(at: files.digest) {
        case .nothing: return Self.watchEvery
        case .lookAgain: return Self.settleTime
        case .adopt:
            await reload(because: "its files have changed")
            return Self.watchEvery
        }
    }

    /// Reloads the configuration. Reloads run one at a time.
    func reload(because cause: String) async {
        await turn.withLock {
            manager.say(.reloading)
            await reloadAlone(because: cause)
            manager.say(
                .ready(status: isAsWritten ? "reads its configuration as it is written" : "keeps an older configuration; see the log"))
        }
    }

    private func reloadAlone(because cause: String) async {
        // The files are hashed before they are read, so that the next check sees a change that comes in between.
        let used = ConfigurationFiles.used(by: path)
        let before = seen
        files = used
        seen = FileChange(adopted: used.digest)
        let problems = ProblemList()
        guard let (generation, isServerNew) = read(problems) else {
            for problem in problems.errors { logger.error("\(problem)") }
            return failed("the configuration is wrong; the old one stays")
        }
        do {
            try await relay.adopt(generation)
            metrics.reloaded(true, at: clock.now)
            isAsWritten = true
            logger.notice("the configuration was read again: \(cause)\(isServerNew ? "; `server` takes effect at the next start" : "")")
        } catch {
            // The files are right, so the next look at them tries again.
            seen = before
            failed("the configuration was not taken over, the old one stays: \(error.detail)")
        }
    }

    /// Nil if something is wrong. `isServerNew` says that the settings of `server` are not those that the daemon runs with.
    private func read(_ problems: ProblemList) -> (Generation, isServerNew: Bool)? {
        var (configuration, found) = Configuration.load(path: path, environment: ProcessInfo.processInfo.environment)
        let isServerNew = configuration.map { $0.server != server } ?? false
        configuration?.server = server
        for problem in found where !problem.isWarning { problems.add(problem) }
        guard problems.errors.isEmpty, let configuration else { return nil }
        return Generation.make(configuration, tools: tools, keys: keys, problems: problems).map { ($0, isServerNew) }
    }

    private func failed(_ text: String) {
        isAsWritten = false
        metrics.reloaded(false, at: clock.now)
        logger.error("\(text)")
    }
}

/// Decides when a change of files is adopted: when two checks in a row see the same new content. It is a value without I/O.
struct FileChange: Sendable, Equatable {
    enum Action: Sendable, Equatable {
        case nothing
        /// Something changed, and it may still be being written.
        case lookAgain
        case adopt
    }

    private let adopted: String
    private var candidate: String?

    init(adopted: String) { self.adopted = adopted }

    mutating func look(at digest: String) -> Action {
        defer { candidate = digest }
        if digest == adopted { return .nothing }
        return digest == candidate ? .adopt : .lookAgain
    }
}
