import Foundation
import Sandbox

/// Measures an idle relay and its start.
struct IdleBench {
    let binary: String
    private static let nothing = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"data\":[]}"

    func run(_ report: inout Report) async throws {
        report.heading("idle")
        let empty = try Child(CommandLine.arguments[0], ["empty"])
        let starts = try await (0..<5).asyncMap { _ in try await start() }
        report.row("start to first request, best of 5", starts.min() ?? 0, "ms", .atMost(150))
        let api = try Receiver { _, _ in Self.nothing }
        let relay = try Child(binary, ["run"], configuration: configuration(api))
        try await Task.sleep(for: .seconds(15))
        report.row("RssAnon", relay.megabytes("RssAnon"), "MB", .atMost(15))
        report.row(
            "resident above an empty program with the same libraries", relay.megabytes("VmRSS") - empty.megabytes("VmRSS"), "MB",
            .atMost(10))
        let cpu = relay.cpu
        try await Task.sleep(for: .seconds(30))
        report.row("CPU in 30 s with a look each 10 s", (relay.cpu - cpu) * 1000, "ms", .atMost(50))
        relay.end()
        empty.end()
    }

    private func start() async throws -> Double {
        let api = try Receiver { _, _ in Self.nothing }
        let began = ContinuousClock.now
        let relay = try Child(binary, ["run"], configuration: configuration(api))
        guard try await api.wait(for: 1, most: .seconds(10)) else { throw BenchError("no request came: \(relay.log)") }
        let took = (api.times[0] - began) / .milliseconds(1)
        relay.end()
        return took
    }

    private func configuration(_ api: Receiver) -> String {
        """
        accounts:
          a: {api_key: "rk_sandbox_bench", base_url: "http://127.0.0.1:\(api.port)/v2"}
        destinations:
          out: {type: console}
        routes:
          - {name: all, to: [out]}

        """
    }
}

extension Sequence {
    /// Transforms the elements one after the other.
    fileprivate func asyncMap<Out>(_ transform: (Element) async throws -> Out) async rethrows -> [Out] {
        var out: [Out] = []
        for element in self { out.append(try await transform(element)) }
        return out
    }
}
