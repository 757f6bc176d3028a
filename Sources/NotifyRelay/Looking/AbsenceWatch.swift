import Dedup
import Policy
import RelayCore
import RevKeen

/// Judges what is expected of an account's automations, when something is due or something was read.
actor AbsenceWatch {
    nonisolated let account: Account
    nonisolated var unownedExecutor: UnownedSerialExecutor { account.unownedExecutor }
    private let book: AutomationBook
    /// When each rule was first read; nil before that was asked of the store.
    private var ruleSince: [String: Timestamp]?

    /// The shortest time between two rounds, so that many looks make one round.
    private static let pace = Duration.milliseconds(500)
    /// The time until the next round while something is due and not judged.
    private static let again = Duration.seconds(1)
    private static let afterFault = Duration.seconds(2)

    init(account: Account, book: AutomationBook) {
        self.account = account
        self.book = book
    }

    /// Runs until the task is cancelled.
    func run() async {
        if account.settings.expect.isEmpty { return await forgetAll() }
        while !Task.isCancelled {
            let next: Timestamp
            do {
                next = try await judge()
            } catch {
                await account.failed(.runs, error)
                next = account.clock.now + Self.afterFault
            }
            try? await account.clock.sleep(for: Self.pace)
            await account.expecting.wait(until: next, clock: account.clock)
        }
    }

    /// Ends what rules expected that the file no longer has.
    private func forgetAll() async {
        do {
            _ = try await account.ledger.rules([])
            guard try await !account.ledger.expectations(account: account.name).isEmpty else { return }
            let round = try await account.admitter.expect(
                ExpectationJudge(
                    account: account.name, isStaging: account.maker.staging, now: account.clock.now, since: .distantPast, rules: [],
                    ruleSince: [:], automations: [],
                    readUpTo: [:], automationsReadAt: nil, isWell: true))
            account.metrics.absences(account: account.name, open: round.open)
        } catch {
            await account.failed(.runs, error)
        }
    }

    /// Judges until nothing more is to be judged now.
    ///
    /// - Returns: when the next round is due, if nothing is read before.
    @discardableResult
    func judge() async throws(LedgerError) -> Timestamp {
        guard !account.settings.expect.isEmpty, let since = await account.since else { return .distantFuture }
        let known = try await ruleSince(store: account.ledger)
        var next = Timestamp.distantFuture
        // A schedule whose moments passed while nobody looked needs a round to expect them and one to judge them.
        for _ in 0..<4 {
            let now = account.clock.now
            let round = try await account.admitter.expect(await judge(since: since, ruleSince: known, now: now))
            account.metrics.absences(account: account.name, open: round.open)
            await account.awaitReading(of: round.unread)
            for automation in round.unread { await account.learn { $0.want(automation, at: now) } }
            if round.needsAutomations { await account.learn { $0.wantAutomations(at: now) } }
            let waits = !round.unread.isEmpty || round.needsAutomations
            next = min(round.nextDue ?? .distantFuture, waits ? now + Self.again : .distantFuture)
            if !round.isUnfinished { break }
        }
        return next
    }

    private func ruleSince(store ledger: Ledger) async throws(LedgerError) -> [String: Timestamp] {
        if let ruleSince { return ruleSince }
        let known = try await ledger.rules(ExpectationRule.keys(account.settings.expect))
        ruleSince = known
        return known
    }

    private func judge(since: Timestamp, ruleSince: [String: Timestamp], now: Timestamp) async -> ExpectationJudge {
        let words = account.maker.words
        // This is asked first: what follows was then read already, however much is read meanwhile.
        let isWell = await account.isWhole, readUpTo = await account.readUpTo, readAt = await book.readAt
        let automations = await book.listed.map { automation in
            ExpectedAutomation(
                id: automation.id, name: automation.name, risk: automation.riskProfile, cron: automation.cronExpression,
                zone: automation.timezone, isPaused: words.isPaused(automation))
        }
        return ExpectationJudge(
            account: account.name, isStaging: account.maker.staging, now: now, since: since, rules: account.settings.expect,
            ruleSince: ruleSince, automations: automations, readUpTo: readUpTo, automationsReadAt: readAt, isWell: isWell)
    }
}
