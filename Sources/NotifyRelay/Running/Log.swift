import Foundation
import Glibc
import Logging
import RelayCore
import RelaySupport

/// Structured lines on stderr: text on a terminal, JSON otherwise. Routine success is `debug`; nothing per message at `info`.
struct Log: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let isTerminal: Bool
    private let clock: any WallClock
    private let write: @Sendable (String) -> Void

    init(
        level: Logger.Level, isTerminal: Bool, clock: any WallClock = SystemClock(),
        write: @escaping @Sendable (String) -> Void = { Terminal.write($0, to: STDERR_FILENO) }
    ) {
        logLevel = level
        self.isTerminal = isTerminal
        self.clock = clock
        self.write = write
    }

    static func start(level: Logger.Level) -> Logger {
        let isTerminal = isatty(STDERR_FILENO) == 1
        LoggingSystem.bootstrap { _ in Log(level: level, isTerminal: isTerminal) }
        return Logger(label: "notify-relay")
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        write(isTerminal ? line(event, all) : json(event, all))
    }

    private func line(_ event: LogEvent, _ all: Logger.Metadata) -> String {
        let extra = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        return "\(clock.now) \(event.level.rawValue) \(event.message)\(extra)\n".repaired(most: 4_000)
    }

    private func json(_ event: LogEvent, _ all: Logger.Metadata) -> String {
        var members: [String: JSONValue] = [
            "at": .string(clock.now.description), "level": .string(event.level.rawValue), "message": .string("\(event.message)"),
        ]
        for (key, value) in all { members[key] = .string("\(value)") }
        return JSONValue.object(members).text + "\n"
    }
}
