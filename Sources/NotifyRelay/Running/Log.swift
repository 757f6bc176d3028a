import Glibc
import Logging
import RelayCore
import RelaySupport

/// The program's log: structured lines on stderr, as text on a terminal and as JSON otherwise.
///
/// Routine success is `debug`. Nothing about a single message is at `info` or above.
struct Log: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let queue: LogQueue

    init(level: Logger.Level, queue: LogQueue) {
        logLevel = level
        self.queue = queue
    }

    /// The longest time that the end of the program waits until the log is written.
    private static let patience = Duration.seconds(1)
    private static let current = Locked<LogQueue?>(nil)

    /// The queue behind stderr while the log runs; nil in commands that have no log.
    static var running: LogQueue? { current.withLock { $0 } }

    /// Starts the log. Every way to end the program except a crash writes what is queued first.
    static func start(level: Logger.Level) -> Logger {
        let queue = LogQueue(form: isatty(STDERR_FILENO) == 1 ? .text : .json) { Terminal.write($0, to: STDERR_FILENO) }
        current.withLock { $0 = queue }
        atexit { Log.running?.finish(within: Log.patience) }
        LoggingSystem.bootstrap { _ in Log(level: level, queue: queue) }
        return Logger(label: "notify-relay")
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = event.metadata.map { metadata.merging($0) { $1 } } ?? metadata
        queue.add(event.level, "\(event.message)", all.mapValues { "\($0)" })
    }
}
