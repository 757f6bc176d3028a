import Foundation
import Logging
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// The form of log lines, what is left out, and that no caller waits for a log whose reader is stalled.
struct LogTests {
    /// Keeps what is written. While it is stalled, a write blocks as it does on a full pipe.
    private final class Reader: Sendable {
        private let kept = Locked<[String]>([])
        private let stalled: Locked<Bool>
        /// How much of each write succeeds.
        private let taking = Locked(Terminal.Amount.all)
        private let gate = DispatchSemaphore(value: 0)

        init(stalled: Bool = false) { self.stalled = Locked(stalled) }

        var lines: [String] { kept.withLock { $0 } }

        func take(_ text: String) -> Terminal.Amount {
            if stalled.withLock({ $0 }) { gate.wait() }
            let taking = taking.withLock { $0 }
            switch taking {
            case .all: kept.withLock { $0.append(text) }
            case .part: kept.withLock { $0.append(String(text.prefix(3))) }
            case .nothing: break
            }
            return taking
        }

        func take(_ amount: Terminal.Amount) { taking.withLock { $0 = amount } }

        func goOn() {
            stalled.withLock { $0 = false }
            gate.signal()
        }
    }

    private let clock = ManualClock()

    private func queue(_ reader: Reader, form: LogLine.Form = .text, room: Int = 1 << 20) -> LogQueue {
        LogQueue(form: form, room: room, clock: clock) { reader.take($0) }
    }

    private func finish(_ queue: LogQueue) { queue.finish(within: .seconds(20)) }

    @Test func `a line is text on a terminal and one JSON object elsewhere`() throws {
        let line = LogLine(at: clock.now, level: .warning, message: "two\nlines", metadata: ["b": "2", "a": "1"])
        #expect(line.written(.text) == "2026-11-24T09:00:00Z warning two lines a=1 b=2\n")
        let json = try JSONValue(parsing: Array(line.written(.json).utf8))
        #expect(json == ["at": "2026-11-24T09:00:00Z", "level": "warning", "message": "two\nlines", "a": "1", "b": "2"])
        #expect(line.written(.json).filter { $0 == "\n" }.count == 1)
    }

    @Test func `lines are written in their order`() {
        let reader = Reader(), queue = queue(reader)
        for number in 0..<3_000 { queue.add(text: "\(number)\n") }
        finish(queue)
        #expect(reader.lines == (0..<3_000).map { "\($0)\n" })
    }

    @Test func `nobody waits for a stalled reader, and what did not fit is counted where it is missing`() {
        let reader = Reader(stalled: true), queue = queue(reader, room: 1_000)
        for _ in 0..<10_000 { queue.add(.info, "looked") }
        queue.finish(within: .zero)
        #expect(reader.lines.isEmpty)
        reader.goOn()
        finish(queue)
        queue.add(.info, "after")
        finish(queue)
        let written = reader.lines.count { $0.contains("looked") }
        let dropped = reader.lines.filter { $0.contains("dropped") }.compactMap { $0.split(separator: " ").compactMap { Int($0) }.first }
        #expect((1..<100).contains(written) && written + dropped.reduce(0, +) == 10_000)
        #expect(reader.lines.suffix(2).first?.contains(" warning ") == true)
        #expect(reader.lines.last?.hasSuffix(" info after\n") == true)
    }

    @Test func `the count of dropped lines stands before the next line that fits`() {
        let reader = Reader(stalled: true), queue = queue(reader, room: 30)
        // The writer holds one line, and one is queued.
        queue.add(text: "first\n")
        #expect(eventuallyHeld(queue))
        queue.add(text: String(repeating: "x", count: 29) + "\n")
        queue.add(text: "lost\n")
        reader.goOn()
        finish(queue)
        queue.add(text: "last\n")
        finish(queue)
        #expect(reader.lines.count == 4)
        #expect(reader.lines[2].contains("1 line was dropped"))
        #expect(reader.lines[3] == "last\n")
    }

    /// Waits until the writer has taken the first line out of the queue.
    private func eventuallyHeld(_ queue: LogQueue) -> Bool {
        for _ in 0..<10_000_000 where queue.waitingBytes == 0 { return true }
        return false
    }

    @Test func `lines that a full disk refused are counted where they are missing`() {
        let reader = Reader(), queue = queue(reader)
        queue.add(text: "before\n")
        finish(queue)
        reader.take(.nothing)
        for number in 0..<3 { queue.add(text: "\(number)\n") }
        finish(queue)
        reader.take(.all)
        queue.add(text: "after\n")
        finish(queue)
        #expect(
            reader.lines == [
                "before\n", "2026-11-24T09:00:00Z warning 3 lines were lost, because the log could not be written\n", "after\n",
            ])
    }

    @Test func `a line that was written in part is counted too, and ends before the count`() {
        let reader = Reader(), queue = queue(reader)
        reader.take(.part)
        queue.add(text: "broken\n")
        finish(queue)
        reader.take(.all)
        finish(queue)
        #expect(reader.lines.first == "bro")
        #expect(reader.lines.last == "\n2026-11-24T09:00:00Z warning 1 line was lost, because the log could not be written\n")
    }

    @Test func `a trouble that comes seven times a second is said once and then counted each minute`() {
        let reader = Reader(), queue = queue(reader)
        for _ in 0..<150 {
            for _ in 0..<7 { queue.add(.error, "no room", ["account": "a"]) }
            queue.add(.error, "no room", ["account": "b"])
            clock.advance(by: .seconds(1))
            queue.sayCounts()
        }
        finish(queue)
        let said = reader.lines.filter { $0.contains("account=a") }.map { String($0.dropFirst("2026-11-24T".count)) }
        #expect(
            said == [
                "09:00:00Z error no room account=a\n", "09:01:00Z error no room (419 more times in the last minute) account=a\n",
                "09:02:00Z error no room (420 more times in the last minute) account=a\n",
                "09:02:30Z error no room (210 more times in the last minute) account=a\n",
            ])
        #expect(reader.lines.count == 8, "another account is another trouble")
    }

    @Test func `a trouble that comes back after a quiet minute is said at once, and what is no trouble always`() {
        let reader = Reader(), queue = queue(reader)
        for _ in 0..<2 {
            queue.add(.warning, "slow")
            queue.add(.notice, "down")
            clock.advance(by: .seconds(61))
            queue.sayCounts()
        }
        for _ in 0..<3 { queue.add(.info, "same") }
        finish(queue)
        #expect(
            reader.lines.map { $0.split(separator: " ").dropFirst().joined(separator: " ") } == [
                "warning slow\n", "notice down\n", "warning slow\n", "notice down\n", "info same\n", "info same\n", "info same\n",
            ])
    }

    @Test func `what a person asks for is answered in full each time`() {
        let reader = Reader(), queue = queue(reader)
        for _ in 0..<3 { queue.add(.error, "the file is wrong") }
        queue.startAnew()
        queue.add(.error, "the file is wrong")
        finish(queue)
        #expect(
            reader.lines.map { $0.split(separator: " ").dropFirst().joined(separator: " ") } == [
                "error the file is wrong\n", "error the file is wrong (2 more times in the last minute)\n", "error the file is wrong\n",
            ])
    }

    @Test func `more kinds of trouble than are counted are all said`() {
        var filter = RepeatFilter()
        let line = { (number: Int) in LogLine(at: clock.now, level: .error, message: "trouble \(number)") }
        let areAllSaid = (0..<RepeatFilter.mostTroubles).allSatisfy { filter.passes(line($0), at: .zero) }
        let others = [filter.passes(line(-1), at: .zero), filter.passes(line(-1), at: .zero)]
        let repetition = filter.passes(line(0), at: .zero)
        #expect(areAllSaid && others == [true, true] && !repetition)
        // A problem that did not come again is forgotten, so that there is room for others.
        let later = [filter.passes(line(-1), at: .seconds(61)), filter.passes(line(-1), at: .seconds(62))]
        #expect(later == [true, false])
    }
}
