import Dispatch
import Logging
import RelayCore
import RelaySupport

/// The log's bounded queue. Lines are written on a dispatch queue of its own, so that no caller waits for the reader of the log.
///
/// A line that does not fit is dropped and counted; the count is written where the lines are missing. Lines are in memory until they are
/// written: a crash loses what is queued, and `finish` writes it at a normal end.
final class LogQueue: Sendable {
    private struct State {
        var lines: [String] = []
        /// The index of the first line that is not written yet. Lines before it are removed from time to time.
        var next = 0
        var bytes = 0
        var dropped = 0
        var filter = RepeatFilter()
        var isWriting = false
        var isTimerSet = false
        /// How many lines could not be written, and whether the last of them was written in part.
        var lost = 0
        /// All lines that were dropped or could not be written.
        var missing = 0
        var isLineOpen = false
    }

    /// The most bytes that may be queued.
    private let room: Int
    private let form: LogLine.Form
    private let clock: any WallClock
    /// Writes a text. It may block for as long as the reader does not read.
    private let write: @Sendable (String) -> Terminal.Amount
    private let state = Locked(State())
    private let writer = DispatchQueue(label: "log", qos: .utility)

    init(
        form: LogLine.Form, room: Int = 1 << 20, clock: any WallClock = SystemClock(),
        write: @escaping @Sendable (String) -> Terminal.Amount
    ) {
        self.form = form
        self.room = room
        self.clock = clock
        self.write = write
    }

    /// Takes a line, or counts it as a repetition. Never blocks.
    func add(_ level: Logger.Level, _ message: String, _ metadata: [String: String] = [:]) {
        let line = LogLine(at: clock.now, level: level, message: message, metadata: metadata)
        let text = line.written(form)
        change { state in
            if state.filter.passes(line, at: clock.uptime) { append(text, to: &state) } else { setTimer(&state) }
        }
    }

    /// Takes a text as it is, for output to people that is not a log line.
    func add(text: String) { change { append(text, to: &$0) } }

    /// Writes the counts so far, and starts counting anew, so that each problem is again written in full when it next comes.
    func startAnew() {
        let now = clock.now
        change { state in for line in state.filter.all(at: now) { append(line.written(form), to: &state) } }
    }

    /// Waits until everything that is queued is written, but no longer than `limit`. It is called at the end of the program.
    func finish(within limit: Duration) {
        startAnew()
        let done = DispatchSemaphore(value: 0)
        // The writer is serial, so this runs after the lines are written.
        writer.async { [self] in
            _ = sayLost()
            done.signal()
        }
        _ = done.wait(timeout: .now() + .milliseconds(Int(clamping: limit.milliseconds)))
    }

    /// Writes the counts of repeated problems whose minute has ended.
    func sayCounts() {
        let uptime = clock.uptime, now = clock.now
        change { state in
            state.isTimerSet = false
            for line in state.filter.ended(by: uptime, at: now) { append(line.written(form), to: &state) }
            setTimer(&state)
        }
    }

    /// The number of lines that were dropped or could not be written since the start.
    var missing: Int { state.withLock { $0.missing } }

    /// The number of bytes that are queued. Tests wait for the writer by it.
    var waitingBytes: Int { state.withLock { $0.bytes } }

    /// Changes the state, and starts the writer if there is something for it to do.
    private func change(_ body: (inout State) -> Void) {
        let starts = state.withLock { state -> Bool in
            body(&state)
            guard !state.isWriting, state.next < state.lines.count || state.dropped > 0 else { return false }
            state.isWriting = true
            return true
        }
        if starts { writer.async { [self] in writeAll() } }
    }

    private func append(_ text: String, to state: inout State) {
        guard state.bytes + text.utf8.count <= room else {
            state.dropped += 1
            state.missing += 1
            return
        }
        if state.dropped > 0 { push(droppedLine(&state), to: &state) }
        push(text, to: &state)
    }

    private func push(_ text: String, to state: inout State) {
        state.lines.append(text)
        state.bytes += text.utf8.count
    }

    private func droppedLine(_ state: inout State) -> String {
        defer { state.dropped = 0 }
        let lines = state.dropped == 1 ? "1 line was" : "\(state.dropped) lines were"
        return LogLine(at: clock.now, level: .warning, message: "\(lines) dropped, because the log was not read fast enough").written(form)
    }

    private func setTimer(_ state: inout State) {
        guard !state.isTimerSet, let end = state.filter.nextEnd else { return }
        state.isTimerSet = true
        let wait = max(.zero, end - clock.uptime)
        writer.asyncAfter(deadline: .now() + .milliseconds(Int(clamping: wait.milliseconds) + 1)) { [weak self] in self?.sayCounts() }
    }

    /// Runs on `writer`.
    private func writeAll() {
        while let line = state.withLock({ takeNext(&$0) }) {
            let written = sayLost() ? write(line) : .nothing
            guard written != .all else { continue }
            state.withLock { state in
                state.lost += 1
                state.missing += 1
                if written == .part { state.isLineOpen = true }
            }
        }
    }

    /// Writes how many lines could not be written, where they are missing. Returns false if that cannot be written either.
    /// Runs on `writer`.
    private func sayLost() -> Bool {
        let (lost, isLineOpen) = state.withLock { ($0.lost, $0.isLineOpen) }
        guard lost > 0 else { return true }
        let lines = lost == 1 ? "1 line was" : "\(lost) lines were"
        let line = LogLine(at: clock.now, level: .warning, message: "\(lines) lost, because the log could not be written").written(form)
        // A line that was written in part ends first.
        let written = write(isLineOpen ? "\n" + line : line)
        state.withLock { state in
            if written == .all { (state.lost, state.isLineOpen) = (0, false) }
            if written == .part { state.isLineOpen = true }
        }
        return written == .all
    }

    private func takeNext(_ state: inout State) -> String? {
        guard state.next < state.lines.count else {
            state.lines.removeAll(keepingCapacity: state.lines.count < 1_000)
            state.next = 0
            if state.dropped > 0 { return droppedLine(&state) }
            state.isWriting = false
            return nil
        }
        let line = state.lines[state.next]
        state.next += 1
        state.bytes -= line.utf8.count
        if state.next >= 1_000 {
            state.lines.removeFirst(state.next)
            state.next = 0
        }
        return line
    }
}
