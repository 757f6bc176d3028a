import Channels
import Dedup
import Policy
import RelayCore

/// Reads what the pages of the desk show.
struct DeskReader: Sendable {
    let ledger: Ledger
    let status: StatusReader
    let approvals: any ApprovalReading
    let clock: any WallClock
    let current: @Sendable () async -> RunningGeneration

    /// The most entries of a part of the home page, and of a page of a list.
    static let mostWaiting = 50
    static let mostFailing = 20
    static let ofOnePage = 50
    static let days = 14
    static let daysOfAutomation = 90

    func parts() async -> DeskParts {
        DeskParts(now: clock.now, zone: await current().generation.configuration.timeZone)
    }

    // MARK: Home

    struct Home: Sendable {
        var waiting: [ApprovalRow]
        /// The answers that are on their way, by the id of their approval.
        var answers: [String: Answer] = [:]
        var failing: [(automation: FailingAutomation, days: [RunDay])]
        var failingCount: Int
        var late: [Expectation]
        var held: [(window: Window, count: Int)]
        var mutes: [Mute]
        /// The names of muted automations, by their ids.
        var names: [String: String] = [:]
        /// When each digest is told next; nil if it never is.
        var digests: [(name: String, closesAt: Timestamp?)]
        var status: RelayStatus
    }

    func home() async throws(LedgerError) -> Home {
        var waiting: [ApprovalRow] = [], late: [Expectation] = [], answers: [String: Answer] = [:]
        for account in try await accounts() {
            for row in try await ledger.openApprovals(account: account) {
                // RevKeen has taken an answer, and the next look will show it.
                let answer = try await ledger.lastAnswer(account: account, approval: row.id)
                if answer?.state == .taken { continue }
                if answer?.state == .asked { answers[row.id] = answer }
                waiting.append(row)
            }
            late += try await ledger.expectations(account: account).filter { $0.state == .open }
        }
        let failing = try await ledger.failingAutomations(most: Self.mostFailing)
        var rows: [(automation: FailingAutomation, days: [RunDay])] = []
        for automation in failing.automations { rows.append((automation, try await days(of: automation.key, count: Self.days))) }
        let mutes = try await ledger.mutes()
        var names: [String: String] = [:]
        for mute in mutes { names[mute.automation] = try await name(of: mute.automation) }
        return Home(
            waiting: waiting.sorted { ($0.askedAt, $0.id) < ($1.askedAt, $1.id) }, answers: answers, failing: rows,
            failingCount: failing.count,
            late: late.sorted { ($0.dueAt, $0.automation) < ($1.dueAt, $1.automation) },
            held: try await ledger.openWindows().filter { $0.window.kind != .digest && $0.count > 0 }, mutes: mutes, names: names,
            digests: await current().generation.router.digests.map { ($0.name, $0.schedule.next(after: clock.now)) },
            status: try await status.relayStatus())
    }

    /// The name of an automation, as its last run says it; nil if no account knows its id.
    func name(of automation: String) async throws(LedgerError) -> String? {
        for account in try await accounts() {
            let last = try await ledger.lastRuns(of: AutomationKey(account: account, automation: automation), most: 1).first
            if let name = last?.payload.origin.automation { return name }
        }
        return nil
    }

    /// What was asked, by the page of each approval of an audit.
    func actions(of entries: [AuditEntry]) async throws(LedgerError) -> [String: String] {
        var actions: [String: String] = [:]
        for entry in entries where actions[entry.page] == nil {
            actions[entry.page] = try await ledger.approval(account: entry.account, id: entry.approval)?.detail?.action ?? ""
        }
        return actions.filter { !$0.value.isEmpty }
    }

    private func accounts() async throws(LedgerError) -> [String] {
        Set(try await ledger.feeds(account: nil).map(\.account)).sorted()
    }

    /// The answers to some approvals that are on their way or that RevKeen has taken, by the id of their approval.
    func answers(to rows: [ApprovalRow]) async throws(LedgerError) -> [String: Answer] {
        var answers: [String: Answer] = [:]
        for row in rows where row.isOpen {
            let answer = try await ledger.lastAnswer(account: row.account, approval: row.id)
            if answer?.state == .asked || answer?.state == .taken { answers[row.id] = answer }
        }
        return answers
    }

    // MARK: One automation

    struct OneAutomation: Sendable {
        var key: AutomationKey
        var name: String?
        var days: [RunDay]
        var runs: [Event]
        var expectations: [Expectation]
        var mute: Mute?
    }

    /// Nil if nothing is known of the automation.
    func automation(_ key: AutomationKey) async throws(LedgerError) -> OneAutomation? {
        let runs = try await ledger.lastRuns(of: key, most: Self.ofOnePage)
        let expectations = try await ledger.expectations(account: key.account, of: key.automation, most: 10)
        if runs.isEmpty, expectations.isEmpty {
            let known = try await ledger.outlooks(account: key.account)
            guard known.contains(where: { $0.automation == key.automation }) else { return nil }
        }
        let name = runs.first?.payload.origin.automation ?? expectations.first?.name
        return OneAutomation(
            key: key, name: name, days: try await days(of: key, count: Self.daysOfAutomation), runs: runs, expectations: expectations,
            mute: try await ledger.mutes().first { $0.automation == key.automation || $0.automation == name })
    }

    private func days(of key: AutomationKey, count: Int) async throws(LedgerError) -> [RunDay] {
        let zone = await current().generation.configuration.timeZone, now = clock.now
        return try await ledger.runDays(of: key, since: now - .seconds(86_400 * count), shift: zone.offset(at: now))
    }

    /// Today in the file's time zone, as whole days since 1970.
    func today() async -> Int64 {
        let zone = await current().generation.configuration.timeZone, now = clock.now
        return (now + zone.offset(at: now)).seconds.dividedDown(by: 86_400)
    }

    // MARK: One destination

    struct OneDestination: Sendable {
        var name: String
        var type: String?
        var lane: LaneRecord?
        var owed: Int
        var oldestOwed: Timestamp?
        var deadCount: Int
        var dead: [Overview.Dead]
        /// The attempts of the last day among the last ones that were made.
        var attempts: [(attempt: Attempt, seenAt: Timestamp)]
    }

    /// Nil if neither the file nor the store has such a destination.
    func destination(_ name: String) async throws(LedgerError) -> OneDestination? {
        let overview = try await ledger.overview(), entry = overview.destinations.first { $0.name == name }
        let known = await current().generation.destinations.first { $0.name == name }
        guard entry != nil || known != nil else { return nil }
        return OneDestination(
            name: name, type: known?.type.name, lane: try await ledger.lanes().first { $0.destination == name }, owed: entry?.owed ?? 0,
            oldestOwed: entry?.oldestOwed, deadCount: entry?.dead ?? 0,
            dead: try await ledger.dead(at: name, most: Self.ofOnePage),
            attempts: try await ledger.attempts(at: name, since: clock.now - .seconds(86_400)))
    }
}

extension ApprovalRow {
    /// The path of its page.
    var page: String { DeskPath.approval(account, id) }

    /// When it was asked, as far as RevKeen says; else when it was last seen.
    var askedAt: Timestamp { detail?.createdAt ?? updatedAt }
}
