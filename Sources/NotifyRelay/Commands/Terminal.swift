import Foundation
import Glibc
import RelayCore
import RelaySupport

/// Writes the output of commands: with colour on a terminal, as plain text elsewhere (https://no-color.org is respected).
enum Terminal {
    enum Colour: String { case red = "31", green = "32", yellow = "33", dim = "2", bold = "1" }

    private static let colour = Locked(ColourChoice.auto)

    static func choose(_ choice: ColourChoice) { colour.withLock { $0 = choice } }

    static var isColoured: Bool {
        let noColour = ProcessInfo.processInfo.environment["NO_COLOR"]?.isEmpty == false
        return colour.withLock { $0 }.isColoured(onTerminal: isatty(STDOUT_FILENO) == 1, noColour: noColour)
    }

    static func say(_ text: String) {
        clearProgress()
        write(text + "\n", to: STDOUT_FILENO)
    }

    /// Writes a line to stderr. While the log runs the line goes through its queue, so that it keeps its order and never blocks.
    static func complain(_ text: String) {
        clearProgress()
        if let log = Log.running { log.add(text: text + "\n") } else { write(text + "\n", to: STDERR_FILENO) }
    }

    /// How much of a text was written.
    enum Amount { case all, part, nothing }

    /// Writes the whole text, and blocks until the descriptor has taken it, or takes no more: neither a full disk nor a closed pipe may end
    /// the program.
    @discardableResult
    static func write(_ text: String, to descriptor: Int32) -> Amount {
        BlockingCall.begins()
        let bytes = Array(text.utf8)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN {
                // Another process that shares the descriptor may have made it non-blocking.
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&ready, 1, -1)
                continue
            }
            guard count > 0 else { return rest.count == bytes.count ? .nothing : .part }
            rest = rest.dropFirst(count)
        }
        return .all
    }

    static func paint(_ text: String, _ colour: Colour) -> String {
        isColoured ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Writes a question without ending the line.
    static func prompt(_ question: String) { write(question, to: STDOUT_FILENO) }

    /// Shows a line on a terminal that the next output replaces; writes nothing elsewhere.
    static func progress(_ text: String) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        hasProgress.withLock { $0 = true }
        write("\r\u{1B}[K\(text)", to: STDERR_FILENO)
    }

    private static let hasProgress = Locked(false)

    private static func clearProgress() {
        let stands = hasProgress.withLock { stands in
            defer { stands = false }
            return stands
        }
        if stands { write("\r\u{1B}[K", to: STDERR_FILENO) }
    }

    static func say(json: JSONValue) { say(json.indented()) }

    /// Formats rows as a table. Each column is as wide as its widest entry; two spaces separate columns.
    static func table(_ rows: [[String]]) -> String {
        // A cell may hold text from outside, which must not make a line of its own.
        let rows = rows.map { $0.map { $0.oneLine(most: 10_000) } }
        guard let columns = rows.map(\.count).max() else { return "" }
        let widths = (0..<columns).map { column in rows.compactMap { column < $0.count ? $0[column].count : nil }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
