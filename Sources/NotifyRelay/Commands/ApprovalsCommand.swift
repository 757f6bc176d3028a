import ArgumentParser
import Dedup
import Foundation
import Policy
import RelayCore
import RelaySupport
import RevKeen

struct ApprovalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approvals", abstract: "Decide approvals from the command line, and read what was decided.",
        discussion: """
            An answer is written down before RevKeen is asked; if RevKeen cannot be reached the daemon carries it on.
            Exit: 0 it is now so; 1 it was decided otherwise; 69 not reached (kept); 74 the store failed, and the text says
            what RevKeen knows; 77 the key lacks the scope.
            Who decides is the user that runs the command, by the system's name and id, whatever the environment says.
            """, subcommands: [List.self, Approve.self, Reject.self, Withdraw.self, Audit.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The approvals that wait.")
        @OptionGroup var file: ConfigurationOption
        @Flag(help: "For programs.") var json = false

        func run() async throws {
            let part = try file.loadPart()
            let ledger = try file.openLedger(part.configuration)
            defer { ledger.end() }
            var rows: [ApprovalRow] = []
            for account in try await accounts(part, ledger) {
                for row in try await ledger.openApprovals(account: account) {
                    // RevKeen has taken an answer, and the next look will show it.
                    if try await ledger.lastAnswer(account: account, approval: row.id)?.state == .taken { continue }
                    rows.append(row)
                }
            }
            if json { return Terminal.say(json: .array(rows.map(\.json))) }
            if rows.isEmpty { return Terminal.say("nothing waits") }
            let now = SystemClock().now
            Terminal.say(
                Terminal.table(
                    [["APPROVAL", "ACCOUNT", "WAITS", "AUTOMATION", "ACTION"]]
                        + rows.map { row in
                            let waits = row.detail?.createdAt.map { $0.duration(to: now).spoken } ?? "-"
                            return [row.id, row.account, waits, row.payload.origin.automation ?? "-", row.detail?.action ?? "-"]
                        }))
        }

        /// The accounts of the file. If the file is no YAML, those that the store knows.
        private func accounts(_ part: PartialConfiguration, _ ledger: Ledger) async throws -> [String] {
            if let names = part.accounts { return names }
            return Set(try await ledger.feeds(account: nil).map(\.account)).sorted()
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Approves one.")
        @OptionGroup var file: ConfigurationOption
        @Argument(help: "The approval: its uuid or its event's id.") var id: String

        func run() async throws { try await decide(file, id, .approve, reason: nil) }
    }

    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Rejects one.")
        @OptionGroup var file: ConfigurationOption
        @Argument(help: "The approval: its uuid or its event's id.") var id: String
        @Option(help: "Why; RevKeen shows it.") var reason: String?

        func run() async throws { try await decide(file, id, .reject, reason: reason) }
    }

    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes back an answer for which RevKeen was not called yet.",
            discussion: "Exit: 0 it is withdrawn; 1 no answer waits; 66 no such approval; 69 RevKeen was called already.")
        @OptionGroup var file: ConfigurationOption
        @Argument(help: "The approval: its uuid or its event's id.") var id: String

        func run() async throws {
            try await ask(file, id) { desk, row, speaker in try await desk.withdraw(row.id, of: row.account, by: speaker) }
        }
    }

    struct Audit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "log", abstract: "Who decided what, from where, and what came of it.")
        @OptionGroup var file: ConfigurationOption
        @Flag(help: "For programs.") var json = false
        @Flag(help: "What operators did at the desk, instead.") var acts = false

        func run() async throws {
            let ledger = try file.openLedger(try file.loadPart().configuration)
            defer { ledger.end() }
            if acts { return say(try await ledger.acts(most: 10_000)) }
            let entries = try await ledger.audit(limit: 10_000)
            if json { return Terminal.say(json: .array(entries.map(\.json))) }
            let rows = entries.map { entry in
                [
                    entry.at.description, entry.account, entry.approval, entry.choice.rawValue, entry.actor, entry.place,
                    entry.state.rawValue, entry.reason ?? "",
                ]
            }
            Terminal.say(Terminal.table([["AT", "ACCOUNT", "APPROVAL", "VERDICT", "ACTOR", "VIA", "STATE", "REASON"]] + rows))
        }

        private func say(_ acts: [Act]) {
            if json {
                let entries = acts.map { act -> JSONValue in
                    [
                        "at": .string(act.at.description), "actor": .string(act.actor), "via": .string(act.via),
                        "address": .text(act.address), "act": .string(act.what), "subject": .string(act.subject),
                        "outcome": .string(act.outcome),
                    ]
                }
                return Terminal.say(json: .array(entries))
            }
            let rows = acts.map {
                [$0.at.description, $0.actor, $0.what, $0.subject, $0.outcome, $0.via + ($0.address.map { " from \($0)" } ?? "")]
            }
            Terminal.say(Terminal.table([["AT", "ACTOR", "ACT", "ON", "OUTCOME", "VIA"]] + rows))
        }
    }
}

private func decide(_ file: ConfigurationOption, _ id: String, _ choice: Choice, reason: String?) async throws {
    try await ask(file, id) { desk, row, speaker in
        try await desk.decide(
            DecisionRequest(account: row.account, approval: row.id, choice: choice, reason: reason, shown: nil, speaker: speaker))
    }
}

/// Asks an own `DecisionDesk` on the same store as the daemon, and says the outcome.
private func ask(
    _ file: ConfigurationOption, _ id: String, _ body: (DecisionDesk, ApprovalRow, Speaker) async throws -> DecisionOutcome
) async throws {
    let configuration = try file.load()
    let ledger = try file.openLedger(configuration)
    defer { ledger.end() }
    let row = try await findApproval(id, ledger, configuration)
    let tools = Tools()
    defer { tools.end() }
    let generation = try Generation.orExit(configuration, tools: tools)
    guard let account = generation.accounts.first(where: { $0.name == row.account }) else { throw ExitCode.config }
    let budget = RequestBudget(setting: .none, hostLimit: nil, clock: tools.clock)
    let client = RevKeenClient(account: account, transport: tools.http, budget: budget, clock: tools.clock)
    let desk = DecisionDesk(
        ledger: ledger, clients: [account.name: client], clock: tools.clock, words: configuration.statusVocabulary,
        router: generation.router, refreshing: generation.refreshing)
    let user = LocalUser()
    // A user who is not in `people:` cannot be one of the two people that `two_person` needs. The other ways in have the same rule.
    let person = configuration.people.first { $0.name == user.name }?.name
    let speaker = Speaker(person: person, fallbackName: user.name, way: "command line", destination: nil, address: user.place)
    let outcome = try await body(desk, row, speaker)
    Terminal.say(outcome.text)
    if let fault = outcome.storeFault { Terminal.complain(fault.detail) }
    if let exit = outcome.exit { throw exit }
}

extension DecisionOutcome {
    /// The exit code; nil (success) if the approval is now as the person wanted and the store recorded it.
    fileprivate var exit: ExitCode? {
        if storeFault != nil { return .ioError }
        return switch kind {
        case .done, .withdrawn: nil
        case .unknown: .noInput
        case .otherwise, .refused, .changed, .reasonMissing: .failure
        case .recorded, .kept, .waiting: .unavailable
        case .forbidden, .denied: .noPermission
        case .takenUnrecorded, .unwritten: .ioError
        }
    }
}

private func findApproval(_ id: String, _ ledger: Ledger, _ configuration: Configuration) async throws -> ApprovalRow {
    let matches = try await ledger.resolve(id)
    var rows: [ApprovalRow] = []
    for match in matches {
        let parts = match.split(separator: "/").map(String.init)
        guard parts.count >= 3, parts[1] == "approval", let row = try await ledger.approval(account: parts[0], id: parts[2]),
            !rows.contains(where: { $0.account == row.account && $0.id == row.id })
        else { continue }
        rows.append(row)
    }
    if rows.count == 1 { return rows[0] }
    Terminal.complain(rows.isEmpty ? "no approval is called '\(id)'" : "'\(id)' is known in more than one account; give the event's id")
    throw ExitCode.noInput
}

extension ApprovalRow {
    /// One entry of `approvals list --json`.
    fileprivate var json: JSONValue {
        [
            "account": .string(account), "id": .string(id), "event": .string(EventID.approval(id, version: version, account: account)),
            "state": .string(detail?.state.rawValue ?? "open"), "action": .text(detail?.action),
            "automation": .text(payload.origin.automation), "run_id": .text(payload.origin.runID),
            "created_at": .text(detail?.createdAt?.description), "version": .int(version),
        ]
    }
}

extension AuditEntry {
    /// The way in, and from where: the IP address, or the user's id on this machine.
    fileprivate var place: String { via + (address.map { " from \($0)" } ?? "") }

    /// One entry of `approvals log --json`.
    fileprivate var json: JSONValue {
        [
            "at": .string(at.description), "account": .string(account), "approval": .string(approval), "round": .int(round),
            "verdict": .string(choice.rawValue), "actor": .string(actor), "via": .string(place), "reason": .text(reason),
            "state": .string(state.rawValue), "status": status.map { .int($0) } ?? .null,
        ]
    }
}
