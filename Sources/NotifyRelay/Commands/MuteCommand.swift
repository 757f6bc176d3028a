import ArgumentParser
import Dedup
import RelayCore
import RelaySupport

struct MuteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mute", abstract: "Holds what one automation says, and tells it as one message when the time is over.",
        discussion: """
            Nothing is dropped: what is not urgent is gathered until then, approvals are asked for then, digests count as ever. A running
            relay heeds it at once. Without --automation: what is muted now.
            """)

    @OptionGroup var file: ConfigurationOption
    @Option(help: "A name, a pattern such as \"Nightly*\", or an id.") var automation: String?
    @Option(name: .customLong("for"), help: "For how long: 2h, 3d. 0s ends it now.") var length: String?
    @Flag(help: "For programs.") var json = false

    func validate() throws {
        guard (automation == nil) == (length == nil) else { throw ValidationError("--automation and --for go together") }
        if let length, Duration(interval: length) == nil { throw ValidationError("--for is a duration such as 2h") }
        if let automation, automation.isEmpty || automation.utf8.count > 500 { throw ValidationError("--automation names nothing") }
    }

    func run() async throws {
        let ledger = try file.openLedger(try file.loadPart().configuration)
        defer { ledger.end() }
        let now = SystemClock().now
        if let automation, let length = length.flatMap({ Duration(interval: $0) }) {
            try await ledger.mute(automation, until: now + length)
            if !json {
                return Terminal.say(length > .zero ? "\(automation) is muted until \(now + length)" : "\(automation) is heard again")
            }
        }
        let mutes = try await ledger.mutes()
        if json {
            return Terminal.say(
                json: .array(mutes.map { ["automation": .string($0.automation), "until": .string($0.until.description)] }))
        }
        if mutes.isEmpty { return Terminal.say("nothing is muted") }
        Terminal.say(Terminal.table([["AUTOMATION", "UNTIL"]] + mutes.map { [$0.automation, $0.until.description] }))
    }
}
