import ArgumentParser
import Dedup
import RelayCore

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Writes a consistent copy of the store, while the daemon runs.",
        discussion: "The key that signs links and buttons is not in it: keep the file STORE.key with the copy.")

    @OptionGroup var file: ConfigurationOption
    @Argument(help: "The file to write; it must not exist.") var target: String

    func run() async throws {
        let part = try file.loadPart()
        let ledger = try file.openLedger(part.configuration)
        defer { ledger.end() }
        do {
            try await ledger.backup(to: target)
        } catch {
            Terminal.complain("\(target): \(error)")
            throw ExitCode.ioError
        }
        Terminal.say("wrote \(target)")
        if !part.hasLinkKey { Terminal.complain(LinkKeys.backupAdvice(store: ledger.path)) }
    }
}
