import ArgumentParser
import Channels
import Dedup
import Foundation
import RelayCore
import RelaySupport
import Rendering
import RevKeen
import SignIn
import Transport

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Is the configuration right, and the templates? With --connect: does everybody answer?",
        discussion: """
            Every problem is named with its file, line and column. 78: something is wrong; 74: the file is right, but the store cannot be
            read; 69: all is right, but somebody did not answer.
            --connect does only harmless things, and says what it did not try.
            """)

    @OptionGroup var file: ConfigurationOption
    @Flag(help: "DNS, TCP and TLS for all; more only where it is harmless.") var connect = false
    @Flag(help: "For programs.") var json = false

    func run() async throws {
        let problems = ProblemList()
        let configuration = Configuration.examine(path: file.path, environment: ProcessInfo.processInfo.environment, problems)
        let tools = Tools()
        defer { tools.end() }
        let generation = configuration.flatMap { Generation.make($0, tools: tools.channel, problems: problems) }
        if problems.errors.isEmpty, let lack = configuration?.lackOfWayToDecide { problems.add(lack) }
        if problems.errors.isEmpty, let lack = configuration?.lackOfAbsenceRoute { problems.add(lack) }
        say(problems.all)
        guard problems.errors.isEmpty, let configuration, let generation else { throw ExitCode.config }
        if !json {
            if let protection = configuration.storeProtection { Terminal.say(protection) }
            try await sayStored(configuration)
            Terminal.say(Terminal.paint("\(file.path) is right", .green))
        }
        // With --json the standard output is one document, so findings go to the standard error.
        let tell: @Sendable (String) -> Void = json ? Terminal.complain : Terminal.say
        if connect, await !Connection(generation: generation, tools: tools, tell: tell).allAnswer() { throw ExitCode.unavailable }
    }

    private func say(_ problems: [Problem]) {
        if json {
            return Terminal.say(json: .array(problems.map(\.json)))
        }
        for problem in problems { Terminal.say(problem.description) }
    }

    /// Says what each account can be expected to see within.
    ///
    /// - Parameter counts: the automations that the store knows, by account.
    private func sayForecasts(_ configuration: Configuration, _ counts: [String: Int]) {
        for settings in configuration.accounts {
            let limit = Generation.account(of: settings)?.hostLimit
            Terminal.say(settings.forecastText(automations: counts[settings.name], hostLimit: limit))
        }
    }

    /// Lists what the store keeps for destinations and digests that left the file.
    ///
    /// - Throws: a `LedgerError` if there is a store that cannot be read. It is no error if there is no store yet, or an older one, which
    ///   `run` brings up to date.
    private func sayStored(_ configuration: Configuration) async throws {
        // A check of the file alone needs no server.
        if case .postgres = configuration.store, !connect { return sayForecasts(configuration, [:]) }
        let ledger: Ledger
        do throws(LedgerError) {
            ledger = try Ledger.open(configuration.store, as: .beside, clock: SystemClock())
        } catch {
            if error.reason == .missing { return sayForecasts(configuration, [:]) }
            if error.reason == .older { return Terminal.say(error.detail) }
            throw error
        }
        defer { ledger.end() }
        sayForecasts(configuration, try await ledger.automationCounts())
        let overview = try await ledger.overview()
        let known = Set(configuration.destinations.map(\.name))
        for orphan in overview.destinations where orphan.owed > 0 && !known.contains(orphan.name) {
            Terminal.say(
                "destination \(orphan.name) left the file and is still owed \(orphan.owed == 1 ? "1 delivery" : "\(orphan.owed) deliveries"), kept until it returns"
            )
        }
        for digest in try await OrphanedDigest.all(in: ledger, besides: configuration.digests) { Terminal.say(digest.warning) }
    }
}

extension Problem {
    /// One entry of `check --json`.
    var json: JSONValue {
        [
            "file": .string(place.file), "line": .int(place.line), "column": .int(place.column), "problem": .string(problem),
            "expected": .text(expected), "meant": .text(meant),
        ]
    }
}

/// Checks the connection to every account and every destination.
private struct Connection {
    let generation: Generation
    let tools: Tools
    let tell: @Sendable (String) -> Void

    func allAnswer() async -> Bool {
        var good = true
        for account in generation.accounts {
            Terminal.progress("asking account \(account.name) …")
            good = await ask(account) && good
        }
        for destination in generation.destinations {
            Terminal.progress("asking destination \(destination.name) …")
            for finding in await destination.channel.connect() {
                say(destination.name, finding)
                good = finding.ok != false && good
            }
        }
        return await issuerAnswers() && good
    }

    private func issuerAnswers() async -> Bool {
        guard let settings = generation.configuration.server.signIn?.oidc else { return true }
        Terminal.progress("asking the issuer of server.sign_in …")
        do throws(SignInError) {
            try await Issuer(settings, http: tools.http, clock: tools.clock).probe()
            say("server.sign_in", Finding(ok: true, "the issuer answers, and its keys can be read"))
            return true
        } catch {
            say("server.sign_in", Finding(ok: false, error.description))
            return false
        }
    }

    private func ask(_ account: RevKeenAccount) async -> Bool {
        let budget = RequestBudget(setting: .none, hostLimit: nil, clock: tools.clock)
        let client = RevKeenClient(account: account, transport: tools.http, budget: budget, clock: tools.clock)
        do {
            let rules = generation.configuration.expect
            let list = try await rules.isEmpty ? client.automations(limit: 1) : client.automations()
            say(account.name, Finding(ok: true, "answers, \(list.items.isEmpty ? "no automation is visible" : "automations are visible")"))
            for remark in ExpectedRules.remarks(rules, account: account.name, list.items) { say(account.name, Finding(ok: nil, remark)) }
            return true
        } catch {
            say(account.name, Finding(ok: false, error.description))
            return false
        }
    }

    private func say(_ name: String, _ finding: Finding) {
        let mark =
            switch finding.ok {
            case true?: Terminal.paint("ok ", .green)
            case false?: Terminal.paint("bad", .red)
            case nil: Terminal.paint(" - ", .dim)
            }
        tell("\(mark)  \(name): \(finding.text)")
    }
}
