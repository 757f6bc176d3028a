import Logging
import RelayCore
import RelaySupport

/// Keeps the log lines.
final class LogBook: Sendable {
    private let kept = Locked<[String]>([])

    /// `warning: text`, in the order of logging.
    var lines: [String] { kept.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(book: self) } }

    private struct Handler: LogHandler {
        let book: LogBook
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        init(book: LogBook) { self.book = book }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { book.kept.withLock { $0.append("\(event.level.rawValue): \(event.message)") } }
    }
}
