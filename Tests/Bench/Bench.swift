import CCurl
import Foundation

/// Measures a release binary: `relay-bench BINARY [delivery|destinations|receivers|idle|ledger|history|digest|desk|postgres]…`; without names, it measures
/// everything but `postgres`, which needs a server.
///
/// Every speed is printed next to a floor that the same run measured on the same machine.
@main
struct Bench {
    static func main() async throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == "empty" { return waitForEnd() }
        guard !arguments.isEmpty else {
            throw BenchError("usage: relay-bench BINARY [delivery|destinations|receivers|idle|ledger|history|digest|desk|postgres]…")
        }
        curl_global_init(relay_global_all)
        let binary = URL(fileURLWithPath: arguments.removeFirst()).standardizedFileURL.path
        var report = Report()
        let parts =
            arguments.isEmpty ? ["delivery", "destinations", "receivers", "idle", "ledger", "history", "digest", "desk"] : arguments
        for part in parts {
            switch part {
            case "delivery": try await DeliveryBench(binary: binary).run(&report)
            case "destinations": try await DestinationsBench(binary: binary).run(&report)
            case "receivers": try await ReceiversBench(binary: binary).run(&report)
            case "idle": try await IdleBench(binary: binary).run(&report)
            case "ledger": try await LedgerBench().run(&report)
            case "history": try await HistoryBench().run(&report)
            case "digest": try await DigestBench(binary: binary).run(&report)
            case "desk": try await DeskBench(binary: binary).run(&report)
            case "postgres": try await PostgresBench(binary: binary).run(&report)
            default: throw BenchError("there is no part '\(part)'")
            }
        }
        print(report.missed == 0 ? "\nevery aim was met" : "\n\(report.missed) aims were missed")
    }

    /// An empty program with the same libraries, which shows what such a process weighs before it does anything.
    private static func waitForEnd() {
        curl_global_init(relay_global_all)
        while getchar() != EOF {}
    }
}
