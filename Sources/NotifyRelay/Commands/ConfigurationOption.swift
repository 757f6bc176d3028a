import ArgumentParser
import Dedup
import Foundation
import RelayCore
import RelaySupport

/// The option `--config`, and how commands load the file and open its store.
struct ConfigurationOption: ParsableArguments {
    @Option(
        name: [.short, .long],
        help:
            "The configuration file (default: the text in $NOTIFY_RELAY_CONFIG_YAML, else the file $NOTIFY_RELAY_CONFIG, else ./relay.yaml)."
    )
    var config: String?

    init() {}

    init(path: String) { config = path }

    var path: String { config ?? ConfigurationText.path(in: ProcessInfo.processInfo.environment) }

    /// Reads the file. If it cannot be used, prints every error and ends the command with 78. Only `check` prints warnings.
    func load() throws -> Configuration {
        let (configuration, problems) = Configuration.load(path: path, environment: ProcessInfo.processInfo.environment)
        guard let configuration, !problems.contains(where: { !$0.isWarning }) else {
            for problem in problems where !problem.isWarning { Terminal.complain(problem.description) }
            throw ExitCode.config
        }
        return configuration
    }

    /// Reads as much of the file as a command needs that only uses the store. Errors elsewhere in the file, such as missing secrets, are one
    /// warning. Ends the command with 78 if the file does not say for certain which store it is.
    func loadPart() throws -> PartialConfiguration {
        let part = PartialConfiguration.read(path: path, environment: ProcessInfo.processInfo.environment)
        guard part.store != nil else { throw part.refusal }
        if let warning = part.warning { Terminal.complain(warning) }
        return part
    }

    /// Opens the store of the configuration, which a daemon may also have open. Ends the command with 66 if there is no store, and with 74
    /// if it cannot be opened.
    func openLedger(_ configuration: Configuration) throws -> Ledger {
        do {
            return try Ledger.open(configuration.store, as: .beside, clock: SystemClock())
        } catch {
            Terminal.complain(error.detail)
            throw error.reason == .missing ? ExitCode.noInput : ExitCode.ioError
        }
    }
}

extension PartialConfiguration {
    /// Prints every error, and returns the exit code of a wrong configuration.
    var refusal: ExitCode {
        for problem in errors { Terminal.complain(problem.description) }
        return .config
    }
}

extension Ledger {
    /// Finds the one event that a typed ID means: an event's id, a bare uuid, or a delivery's number. Ends the command with 66 if none
    /// matches, or more than one.
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
