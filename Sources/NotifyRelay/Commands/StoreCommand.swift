import ArgumentParser
import Dedup
import RelayCore

struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Moves the store to another place.", subcommands: [Copy.self])

    struct Copy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copies the whole store into an empty one, and verifies it by counts and hashes.",
            discussion: """
                Stop the relay first; it is refused while one runs. Then set `store:` to the new place and start the relay. A password for
                PostgreSQL comes from PGPASSWORD or ~/.pgpass, so that no list of processes shows it.
                The key that signs links and buttons is not in the store: see docs/high-availability.md.
                """)

        @OptionGroup var file: ConfigurationOption
        @Option(help: "A file that is not there yet, or postgresql://USER@HOST/DATABASE with an empty database.") var to: String

        func run() async throws {
            let configuration = try file.loadPart().configuration
            guard let address = ConfigurationText.store(to, folder: Configuration.folder(of: "./x")) else {
                Terminal.complain("--to is no address of a PostgreSQL database; postgresql://USER@HOST/DATABASE is expected")
                throw ExitCode.usage
            }
            guard address != configuration.store else {
                Terminal.complain("--to is the store itself: name another place")
                throw ExitCode.usage
            }
            let locks = [try hold(configuration.store), try hold(address)]
            defer { for lock in locks { lock?.release() } }
            // A store that is not there is not made.
            try Ledger.open(configuration.store, as: .beside, clock: SystemClock()).close()
            let source = try Ledger.open(configuration.store, as: sourceRole(configuration.store), clock: SystemClock())
            defer { source.end() }
            let target = try Ledger.open(address, as: .leader, clock: SystemClock())
            defer { target.end() }
            let tables = try await StoreCopy(from: source, to: target).run()
            let rows = tables.map { [$0.name, String($0.rows), String($0.hash.prefix(16))] }
            Terminal.say(Terminal.table([["TABLE", "ROWS", "SHA-256"]] + rows))
            Terminal.say("copied \(tables.reduce(0) { $0 + $1.rows }) rows to \(target.path), and every table is the same there")
        }

        /// A file is opened beside nobody, because its lock is held; a database is led, so that no relay leads it meanwhile.
        private func sourceRole(_ store: StoreAddress) -> StoreRole { if case .file = store { .beside } else { .leader } }

        private func hold(_ store: StoreAddress) throws -> StoreLock? {
            guard case .file(let path) = store else { return nil }
            return try StoreLock.acquire(store: path)
        }
    }
}
