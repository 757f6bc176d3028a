import ArgumentParser
import Channels
import Dedup
import Foundation
import Logging
import RelayCore
import RelaySupport
import ServiceLifecycle
import Transport

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "The daemon: looks, remembers, delivers.",
        discussion: """
            SIGTERM and Ctrl-C end it gently: nothing new is begun, and what is in flight has --grace to end.
            SIGHUP reads the configuration again, and so does a change of its files; a wrong one is named and the old one stays.
            """)

    @OptionGroup var file: ConfigurationOption
    @Flag(help: "Look once, deliver what is due, end. 69 if an account was not reached or something due stays owed.") var once = false
    @Flag(name: .customLong("no-watch"), help: "Reload at SIGHUP alone, not when the configuration's files change.") var noWatch = false
    @Flag(help: "Wait while another relay runs on the store, and take over from it. With PostgreSQL that is always so.") var standby = false
    @Option(help: "How long requests in flight may take to end.") var grace = "8s"
    @Option(help: "trace, debug, info, notice, warning, error, critical.") var logLevel = "info"

    func validate() throws {
        guard Duration(interval: grace) != nil else { throw ValidationError("--grace is a duration such as 8s") }
        guard !(once && standby) else { throw ValidationError("--once ends by itself, so it cannot stand by") }
        guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("--log-level is one of the levels named in --help") }
    }

    func run() async throws {
        // A reload that is asked for before the signals are trapped must not end the daemon. The start reads the configuration anyway.
        if !once { signal(SIGHUP, SIG_IGN) }
        Heap.keepLittle()
        let logger = Log.start(level: Logger.Level(rawValue: logLevel) ?? .info)
        let configuration = try file.load()
        let lock = try await holdStore(configuration, logger)
        defer { lock?.release() }
        let engine = Engine(
            path: file.path, grace: Duration(interval: grace) ?? .seconds(8), watchesFiles: !noWatch,
            manager: ServiceManager(environment: ProcessInfo.processInfo.environment), logger: logger)
        if once {
            guard try await engine.once(configuration) else { throw ExitCode.unavailable }
        } else {
            try await engine.run(configuration)
        }
    }

    /// The lock of a file; nil for a database, in which the one that leads holds a lock.
    private func holdStore(_ configuration: Configuration, _ logger: Logger) async throws -> StoreLock? {
        guard case .file(let path) = configuration.store else { return nil }
        var hasSaid = false
        defer { if hasSaid { Self.heedEnd(SIG_DFL) } }
        while true {
            do {
                return try StoreLock.acquire(store: path) { logger.warning("\($0)") }
            } catch {
                guard standby, error.reason == .busy else {
                    Terminal.complain(error.detail)
                    throw ExitCode.code(of: error)
                }
                if !hasSaid {
                    logger.notice("this relay stands by: \(error.detail)")
                    // Nothing has begun, so a signal ends it at once, and well.
                    Self.heedEnd { _ in _exit(0) }
                }
                hasSaid = true
            }
            try await Task.sleep(for: Self.lockTriedEvery)
        }
    }

    private static func heedEnd(_ handler: (@convention(c) (Int32) -> Void)?) {
        for number in [SIGTERM, SIGINT] { signal(number, handler) }
    }

    /// How often a standby tries to take the lock of a file.
    private static let lockTriedEvery = Duration.milliseconds(250)
}
