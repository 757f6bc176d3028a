import ArgumentParser
import Dedup
import Foundation
import RelayCore
import RelaySupport

/// `--config`, and what every command does with it.
struct ConfigurationOption: ParsableArguments {
    @Option(name: [.short, .long], help: "The configuration file (default: $NOTIFY_RELAY_CONFIG, else ./relay.yaml).")
    var config: String?

    init() {}

    init(path: String) { config = path }

    var path: String { config ?? ProcessInfo.processInfo.environment["NOTIFY_RELAY_CONFIG"] ?? "relay.yaml" }

    /// Reads the file; says every problem and ends with 78 if it cannot be used. Warnings are `check`'s to say.
    func load() throws -> Configuration {
        let (configuration, problems) = Configuration.load(path: path, environment: ProcessInfo.processInfo.environment)
        guard let configuration, !problems.contains(where: { !$0.isWarning }) else {
            for problem in problems where !problem.isWarning { Terminal.complain(problem.description) }
            throw ExitCode.config
        }
        return configuration
    }

    /// The store beside the configuration, which a daemon may have open. 66 if there is none.
    func openLedger(_ configuration: Configuration) throws -> Ledger {
        do {
            return try Ledger.open(configuration.store, create: false, clock: SystemClock())
        } catch {
            Terminal.complain(error.detail)
            throw error.reason == .missing ? ExitCode.noInput : ExitCode.ioError
        }
    }
}

extension Ledger {
    /// The event that an ID of a person means: an event's id, a bare uuid, or a delivery's number. Ambiguous or unknown: 66.
    func only(_ id: String) async throws -> String {
        let matches = try await resolve(id)
        if matches.count == 1 { return matches[0] }
        if matches.isEmpty {
            Terminal.complain("nothing is known of '\(id)'")
        } else {
            Terminal.complain("'\(id)' may mean:\n" + matches.prefix(20).map { "  \($0)" }.joined(separator: "\n"))
        }
        throw ExitCode.noInput
    }
}
