import ArgumentParser
import RelayCore
import RelaySupport
import RevKeen

struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Asks an account what it looks like: words, order, paging, limits.",
        discussion: "RevKeen documents no status words and no order. What the account shows now tells what `words:` should know.")

    @OptionGroup var file: ConfigurationOption
    @Argument(help: "The account; all of them if left out.") var account: String?
    @Flag(help: "For programs.") var json = false

    func run() async throws {
        let configuration = try file.load()
        let tools = Tools()
        defer { tools.end() }
        let wanted = configuration.accounts.filter { account == nil || $0.name == account }
        guard !wanted.isEmpty else {
            Terminal.complain("no account is called '\(account ?? "")'")
            throw ExitCode.noInput
        }
        var profiles: [AccountProfile] = []
        for settings in wanted {
            guard let account = Generation.account(of: settings) else { continue }
            let budget = RequestBudget(setting: settings.poll.budget, hostLimit: account.hostLimit, clock: tools.clock)
            let client = RevKeenClient(account: account, transport: tools.http, budget: budget, clock: tools.clock)
            do {
                var profile = try await AccountProfile(of: client)
                profile.forecast = settings.forecastText(automations: profile.automations, hostLimit: profile.limit ?? account.hostLimit)
                profiles.append(profile)
            } catch {
                Terminal.complain("account \(account.name): \(error.description)")
                throw ExitCode.unavailable
            }
        }
        if json { return Terminal.say(json: .array(profiles.map(\.json))) }
        for profile in profiles { Terminal.say(profile.text) }
    }
}

/// The words, orders, paging keys and rate limit that an account's lists show.
private struct AccountProfile {
    private static let automationsToRead = 20

    var account: String
    var words: [String: Set<String>] = [:]
    var order: [String: String] = [:]
    var paging: Set<String> = []
    var limit: Int?
    /// The number of automations that one list shows.
    var automations = 0
    /// The lines of `expect` that fit what was found.
    var rules: [String] = []
    /// What the account can be expected to see within, for people.
    var forecast = ""

    init(of client: RevKeenClient) async throws(RevKeenError) {
        account = client.account.name
        let approvals = try await client.approvals()
        note(approvals, feed: "approvals")
        for item in approvals.items {
            add("approval.status", item.status)
            add("run_status", item.runStatus)
            add("trigger_source", item.triggerSource)
        }
        let automations = try await client.automations()
        note(automations, feed: "automations")
        self.automations = automations.items.count
        for item in automations.items {
            add("automation.status", item.status)
            add("trigger_type", item.triggerType)
            add("risk_profile", item.riskProfile)
        }
        for automation in automations.items.prefix(Self.automationsToRead) { try await readRuns(client, automation) }
    }

    private mutating func readRuns(_ client: RevKeenClient, _ read: Automation) async throws(RevKeenError) {
        let automation = read.id
        Terminal.progress("reading \(automation) …")
        let runs = try await client.runs(of: automation)
        note(runs, feed: "runs")
        let took = runs.items.compactMap { run in
            run.startedAt?.moment.flatMap { start in run.completedAt?.moment.map { start.duration(to: $0) } }
        }
        if !StatusVocabulary().isPaused(read), let line = ExpectedRules.line(for: read, longest: took.max(), now: SystemClock().now) {
            rules.append(line)
        }
        for run in runs.items {
            add("run.status", run.status)
            add("trigger_source", run.triggerSource)
        }
        guard let first = runs.items.first else { return }
        let detail = try await client.run(first.id, of: automation)
        for step in detail.steps {
            add("step.type", step.type)
            add("step.status", step.status)
        }
        for notification in detail.notifications {
            add("notification.type", notification.type)
            add("notification.priority", notification.priority)
        }
    }

    private mutating func note<Item>(_ listing: Listing<Item>, feed: String) {
        let word = listing.order == .newest || listing.order == .oldest ? listing.order.rawValue : "none"
        order[feed] = order[feed].map { $0 == word ? word : "none" } ?? word
        paging.formUnion(listing.pagingKeys)
        limit = listing.rateLimit ?? limit
    }

    private mutating func add(_ field: String, _ word: String?) {
        if let word, words[field, default: []].count < 50 { words[field, default: []].insert(word) }
    }

    var json: JSONValue {
        [
            "account": .string(account), "words": .object(words.mapValues { .array($0.sorted().map(JSONValue.string)) }),
            "order": .object(order.mapValues(JSONValue.string)), "paging": .array(paging.sorted().map(JSONValue.string)),
            "limit": limit.map { .int($0) } ?? .null, "expect": .array(rules.map(JSONValue.string)),
        ]
    }

    var text: String {
        var lines = [Terminal.paint(account, .bold)]
        lines += words.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value.sorted().joined(separator: ", "))" }
        lines += order.sorted { $0.key < $1.key }.map { "  order of \($0.key): \($0.value)" }
        lines.append("  paging: \(paging.isEmpty ? "none shown" : paging.sorted().joined(separator: ", "))")
        lines.append("  rate limit stated: \(limit.map(String.init) ?? "none")")
        lines.append("  automations: \(automations)")
        lines.append("  \(forecast)")
        if !rules.isEmpty {
            lines += ["  rules that fit, for `expect:` in the configuration (docs/absences.md):"] + rules.map { "    \($0)" }
        }
        return lines.joined(separator: "\n")
    }
}
