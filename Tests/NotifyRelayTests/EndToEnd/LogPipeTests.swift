import Foundation
import Glibc
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

/// The log of a running relay, also when its reader does not read.
struct LogPipeTests {
    private func serving(_ body: (Stage, _ address: String) async throws -> Void) async throws {
        let port = try Web.freePort()
        try await Stage.with(yaml: { Stage.standard($0, more: "server: {listen: \"127.0.0.1:\(port)\"}") }) { stage in
            try await body(stage, "http://127.0.0.1:\(port)")
        }
    }

    @Test func `while the log's reader is stalled, deliveries and pages go on, and the end comes in its time`() async throws {
        try await serving { stage, address in
            let log = try FullPipe()
            let relay = try RelayProcess(["run", "--log-level", "trace"], in: stage.place.folder, errors: log.input)
            #expect(await comesTrue { await Web.get(address + "/readyz")?.status == 200 })
            for number in 1...3 { await stage.notify("number \(number)") }
            #expect(await stage.inbox.waitForCount(3))
            #expect(await comesTrue { await stage.statusOf("hook")?["owed"] == 0 })
            #expect(await Web.get(address + "/metrics")?.status == 200)
            let told = ContinuousClock.now
            #expect(await relay.stopped() == 0)
            #expect(ContinuousClock.now - told < .seconds(8), "the grace")
        }
    }

    @Test func `it says its start, each delivery, each look and its stop, and a clean stop is no error`() async throws {
        try await serving { stage, address in
            let relay = try stage.start("run", "--log-level", "debug")
            // The client keeps its connection open.
            #expect(await comesTrue { await Web.get(address + "/readyz")?.status == 200 })
            await stage.notify()
            #expect(await stage.inbox.waitForCount(1))
            #expect(await comesTrue { await stage.statusOf("hook")?["owed"] == 0 })
            #expect(await relay.stopped() == 0)

            let lines = try LogLines(relay.errorText)
            let start = try #require(lines.with("started").first)
            #expect(start["level"] == "notice" && start["accounts"] == "1" && start["destinations"] == "1")
            #expect(start["version"]?.string?.isEmpty == false && Int(start["schema"]?.string ?? "") != nil)
            #expect(start["store"]?.string?.hasSuffix("notify-relay.db") == true)
            #expect(start["listen"]?.string.map { "http://\($0)" } == address && start["public_listen"] == "none")
            #expect(lines.with("stopped").map { $0["level"] } == ["notice"] && lines.all.last?["message"] == "stopped")
            let deliveries = lines.with("delivery delivered")
            #expect(deliveries.count == 1 && deliveries.first?["level"] == "debug" && deliveries.first?["destination"] == "hook")
            #expect(lines.with("looked at approvals").first?["level"] == "debug")
            #expect(lines.troubles.isEmpty, "\(lines.troubles)")
        }
    }
}

/// The lines of a log in JSON.
struct LogLines {
    var all: [JSONValue]

    init(_ text: String) throws {
        all = try text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    }

    func with(_ message: String) -> [JSONValue] { all.filter { $0["message"]?.string == message } }

    /// Warnings and errors, without their time.
    var troubles: [JSONValue] {
        all.compactMap { line in
            guard ["warning", "error", "critical"].contains(line["level"]?.string), var members = line.object else { return nil }
            members["at"] = nil
            return .object(members)
        }
    }
}

/// A pipe that is full and has no active reader.
private final class FullPipe: Sendable {
    /// The end to write to; every write blocks.
    let input: FileHandle
    private let output: FileHandle

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        output = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        input = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        for size in [4_096, 1] {
            let block = [UInt8](repeating: 32, count: size)
            while write(ends[1], block, size) > 0 {}
        }
        _ = fcntl(ends[1], F_SETFL, 0)
    }
}
