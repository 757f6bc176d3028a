import Foundation
import RelayTesting
import Testing

/// Children of tests end with the tests.
struct ReaperTests {
    /// A child that ends when its input ends.
    private func child() throws -> (process: Process, input: Pipe) {
        let process = Process(), input = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/cat")
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return (process, input)
    }

    @Test func `who is left when the reaper ends is killed, and nobody else`() throws {
        let left = try child(), forgotten = try child()
        do {
            let reaper = try Reaper()
            for process in [left, forgotten] { reaper.watch(process.process.processIdentifier) }
            for _ in 0..<100 { reaper.forget(forgotten.process.processIdentifier) }
        }
        left.process.waitUntilExit()
        #expect(left.process.terminationReason == .uncaughtSignal)
        #expect(forgotten.process.isRunning)
        try forgotten.input.fileHandleForWriting.close()
        forgotten.process.waitUntilExit()
        #expect(forgotten.process.terminationReason == .exit)
    }
}
