import ArgumentParser
import Dedup
import RelayCore

struct ReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Ends what is held now: it is told at once.",
        discussion: """
            What quiet hours, mutes, an outage or a storm gathered is told as one message for each destination, and approvals that wait are
            asked for. A running relay heeds it within seconds; else it happens at the next start. Mutes go on for what comes later. A digest
            keeps its schedule: `digest NAME --now` tells it.
            """)

    @OptionGroup var file: ConfigurationOption
    @Option(help: "What is held for one destination.") var destination: String?
    @Flag(help: "What is held for every destination.") var all = false

    func validate() throws {
        guard (destination != nil) != all else { throw ValidationError("name --destination NAME, or --all") }
    }

    func run() async throws {
        let ledger = try file.openLedger(try file.loadPart().configuration)
        defer { ledger.end() }
        let released = try await ledger.releaseHeld(of: destination)
        let windows = released.windows == 1 ? "1 window" : "\(released.windows) windows"
        let deliveries = released.deliveries == 1 ? "1 delivery" : "\(released.deliveries) deliveries"
        Terminal.say("\(windows) and \(deliveries) released")
        if released == (0, 0) { throw ExitCode.noInput }
    }
}
