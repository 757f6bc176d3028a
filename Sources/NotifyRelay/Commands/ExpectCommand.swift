import ArgumentParser
import Dedup
import RelayCore
import RelaySupport

struct ExpectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expect", abstract: "What is expected of automations next, when, and how the last ones went.",
        discussion:
            "It comes from the store alone. The daemon writes there what the rules of `expect` make of the schedules and runs that it sees."
    )

    @OptionGroup var file: ConfigurationOption
    @Flag(help: "For programs.") var json = false

    /// So many that are over are shown for each automation.
    private static let mostPast = 5

    struct Row {
        var expectation: Expectation
        /// The newest first.
        var past: [Expectation]
    }

    func run() async throws {
        let ledger = try file.openLedger(try file.loadPart().configuration)
        defer { ledger.end() }
        let rows = try await rows(ledger)
        if json { return Terminal.say(json: .array(rows.map(\.json))) }
        if rows.isEmpty { return Terminal.say("nothing is expected; `expect:` in the configuration says what is (docs/absences.md)") }
        Terminal.say(
            Terminal.table([["AUTOMATION", "EXPECTED", "COUNTED FROM", "DUE", "STATE", "THE LAST ONES, NEWEST FIRST"]] + rows.map(\.cells)))
    }

    private func rows(_ ledger: Ledger) async throws(LedgerError) -> [Row] {
        var rows: [Row] = []
        for account in Set(try await ledger.feeds(account: nil).map(\.account)).sorted() {
            for live in try await ledger.expectations(account: account) {
                let all = try await ledger.expectations(account: account, of: live.automation, most: 50)
                let past = all.filter { $0.expected == live.expected && !$0.isLive }
                rows.append(Row(expectation: live, past: Array(past.prefix(Self.mostPast))))
            }
        }
        return rows.sorted { ($0.expectation.dueAt, $0.expectation.automation) < ($1.expectation.dueAt, $1.expectation.automation) }
    }
}

extension ExpectCommand.Row {
    fileprivate var cells: [String] {
        let state = expectation.state == .open ? "late" + (expectation.inARow > 1 ? ", \(expectation.inARow) in a row" : "") : "waiting"
        return [
            expectation.name ?? expectation.automation, expectation.expected.rawValue, expectation.countedFrom.description,
            expectation.dueAt.description, state, past.map(\.word).joined(separator: " "),
        ]
    }

    fileprivate var json: JSONValue {
        [
            "account": .string(expectation.account), "automation": .string(expectation.automation), "name": .text(expectation.name),
            "expected": .string(expectation.expected.rawValue), "run": .text(expectation.run.isEmpty ? nil : expectation.run),
            "counted_from": .string(expectation.countedFrom.description), "due": .string(expectation.dueAt.description),
            "open": .bool(expectation.state == .open), "in_a_row": .int(expectation.inARow),
            "last": .array(past.map { .string($0.word) }),
        ]
    }
}

extension Expectation {
    /// How one that is over went, in a word.
    fileprivate var word: String {
        switch state {
        case .met: "in-time"
        case .late: "late"
        case .replaced: "never"
        case .waiting, .open, .forgotten: state.rawValue
        }
    }
}
