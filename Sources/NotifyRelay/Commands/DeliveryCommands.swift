import ArgumentParser
import Dedup
import Glibc
import RelayCore

/// Selects the deliveries that a command changes.
struct DeliverySelection: ParsableArguments {
    @Argument(help: "Event ids, bare uuids, or delivery numbers.") var ids: [String] = []
    @Option(help: "All of one destination.") var destination: String?
    @Flag(help: "All there are.") var all = false

    func validate() throws {
        guard [!ids.isEmpty, destination != nil, all].filter({ $0 }).count == 1 else {
            throw ValidationError("name IDs, or --destination NAME, or --all")
        }
    }

    func selections(_ ledger: Ledger) async throws -> [Selection] {
        if all { return [.all] }
        if let destination { return [.destination(destination)] }
        var selections: [Selection] = []
        for id in ids {
            if let number = Int64(id) {
                // A number is a delivery's id. This ends the command if the store has no such delivery.
                _ = try await ledger.only(id)
                selections.append(.deliveries([number]))
            } else {
                selections.append(.events([try await ledger.only(id)]))
            }
        }
        return selections
    }
}

struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "retry", abstract: "Puts dead deliveries back: they are due at once.")

    @OptionGroup var file: ConfigurationOption
    @OptionGroup var selection: DeliverySelection

    func run() async throws {
        let ledger = try file.openLedger(try file.loadPart().configuration)
        defer { ledger.end() }
        var count = 0
        for part in try await selection.selections(ledger) { count += try await ledger.retry(part) }
        if count == 0, selection.all { return Terminal.say("nothing is dead") }
        Terminal.say("\(count) put back")
        if count == 0 { throw ExitCode.noInput }
    }
}

struct DropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Gives debts up: what is owed or dead is never sent.",
        discussion: "Asks on a terminal; elsewhere --yes is required.")

    @OptionGroup var file: ConfigurationOption
    @OptionGroup var selection: DeliverySelection
    @Flag(help: "Do not ask.") var yes = false

    func run() async throws {
        let ledger = try file.openLedger(try file.loadPart().configuration)
        defer { ledger.end() }
        let parts = try await selection.selections(ledger)
        try confirm()
        var count = 0
        for part in parts { count += try await ledger.drop(part, reason: "dropped by hand") }
        if count == 0, selection.all { return Terminal.say("nothing is owed or dead") }
        Terminal.say("\(count) dropped")
        if count == 0 { throw ExitCode.noInput }
    }

    private func confirm() throws {
        if yes { return }
        guard isatty(STDIN_FILENO) == 1 else {
            Terminal.complain("drop gives debts up for good; say --yes where nobody can be asked")
            throw ExitCode.usage
        }
        Terminal.complain("Give these debts up for good? [y/N]")
        guard readLine()?.lowercased().hasPrefix("y") == true else { throw ExitCode.success }
    }
}

struct LanesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lanes", abstract: "Reopens a lane that was closed.", subcommands: [Open.self])

    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Opens the lane of a destination; the daemon notices within a second.")

        @OptionGroup var file: ConfigurationOption
        @Argument(help: "The destination.") var name: String

        func run() async throws {
            let part = try file.loadPart()
            // If the file is no YAML, its destinations are not known.
            guard let names = part.destinations else { throw part.refusal }
            guard names.contains(name) else {
                Terminal.complain("no destination is called '\(name)'")
                throw ExitCode.noInput
            }
            let ledger = try file.openLedger(part.configuration)
            defer { ledger.end() }
            try await ledger.setLane(
                LaneRecord(destination: name, state: .open, reason: nil, since: SystemClock().now, until: nil))
            // A lane that is open already, but waits for retries, is tried at once as well.
            try await ledger.reopen(name, after: .zero)
            Terminal.say("\(name) is open")
        }
    }
}
