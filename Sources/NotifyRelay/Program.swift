import ArgumentParser

// The fuzzers read this target as a library, and have a program of their own.
#if !FUZZING
    @main
#endif
struct NotifyRelay: AsyncParsableCommand {
    static let versionText = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "notify-relay",
        abstract: "Tells people what RevKeen automations do, in chat and by mail: once, and completely.",
        discussion: """
            First steps:
              notify-relay demo              the whole thing, without a key
              notify-relay init              writes a first relay.yaml
              notify-relay check --connect   is relay.yaml right, does everybody answer?
              notify-relay send-test ops     one labelled sample to `ops`
              notify-relay run               the daemon

            When something is odd:
              notify-relay status            what is owed, and how each lane and feed is
              notify-relay why ID            everything about one event or delivery

            Every command takes --color always|never|auto.
            """,
        version: versionText,
        subcommands: [
            RunCommand.self, DemoCommand.self, InitCommand.self, CheckCommand.self, ProbeCommand.self, SendTestCommand.self,
            PreviewCommand.self,
            StatusCommand.self, WhyCommand.self, RetryCommand.self, DropCommand.self, LanesCommand.self, ApprovalsCommand.self,
            DigestCommand.self, ExpectCommand.self, MuteCommand.self, ReleaseCommand.self, ChannelsCommand.self, SchemaCommand.self,
            HealthCommand.self,
            BackupCommand.self, StoreCommand.self,
        ])

    static func main() async {
        do {
            let (colour, arguments) = try ColourChoice.taken(from: Array(CommandLine.arguments.dropFirst()))
            Terminal.choose(colour)
            if let words = Misspelling.words(for: arguments) {
                Terminal.complain(words)
                throw ExitCode.usage
            }
            var command = try parseAsRoot(arguments)
            if var patient = command as? any AsyncParsableCommand {
                try await patient.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: ExitCode.said(error))
        }
    }
}
