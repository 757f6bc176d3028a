import Dedup
import Logging
import Policy
import RelayCore
import RelaySupport
import RevKeen

/// Polls one account: it makes the looks that the queue of the account chooses, several at once, as far as the request budget allows.
/// Approvals are looked at by a task of their own.
///
/// A look (one poll of a feed) during which the store fails does not count: nothing is concluded from it, and it is repeated.
actor AccountPoller {
    /// How long to wait after a failure of the store, if no pace of a feed applies.
    private static let untilStoreIsAskedAgain = Duration.seconds(1)
    /// How often the looks are fitted into the budget.
    private static let fitEvery = Duration.seconds(30)

    nonisolated let account: Account
    nonisolated let approvals: ApprovalsFeed
    nonisolated let automations: AutomationsFeed
    nonisolated let runs: RunsFeed
    nonisolated let details: DetailsFeed
    nonisolated let book: AutomationBook
    nonisolated let approvalBook: ApprovalBook
    nonisolated let reader: ListReader
    nonisolated let absences: AbsenceWatch
    nonisolated var unownedExecutor: UnownedSerialExecutor { account.unownedExecutor }

    private var inFlight = 0
    private var fittedAt: Duration?

    init(account: Account) {
        self.account = account
        book = AutomationBook(account: account)
        reader = ListReader(account: account)
        approvalBook = ApprovalBook(account: account, book: book)
        approvals = ApprovalsFeed(account: account, approvals: approvalBook, reader: reader)
        automations = AutomationsFeed(account: account, book: book, reader: reader)
        runs = RunsFeed(account: account, book: book, reader: reader)
        details = DetailsFeed(account: account, book: book, approvals: approvalBook)
        absences = AbsenceWatch(account: account, book: book)
    }

    nonisolated var name: String { account.name }
    private nonisolated var clock: any WallClock { account.clock }

    /// The most looks at once. The budget keeps more places for approvals and decisions.
    private nonisolated var mostAtOnce: Int { account.client.budget.mostOfRest }

    /// The looks that are made now.
    var looksInFlight: Int { inFlight }

    /// Looks at the approvals, unless the last good look is at most `age` old. It returns after 5 s at the latest.
    nonisolated func lookAtApprovals(ifOlderThan age: Duration) async { await approvals.look(ifOlderThan: age) }

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                try await account.restore()
                break
            } catch {
                await account.failed(.automations, error)
                try? await clock.sleep(for: Self.untilStoreIsAskedAgain)
            }
        }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.approvals.run() }
            group.addTask { await self.makeLooks() }
            group.addTask { await self.absences.run() }
        }
    }
}

// MARK: - Looking as the queue says

extension AccountPoller {
    private func makeLooks() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                guard await loadDetails() else { continue }
                await fit()
                if let look = await nextLook() {
                    inFlight += 1
                    // The place is taken now, so that no more looks are chosen than the rate lets enter.
                    let reservation = account.client.budget.reserve()
                    group.addTask { await RequestBudget.$reservation.withValue(reservation) { await self.make(look) } }
                } else {
                    await account.wakeup.wait(until: await waitsUntil(), clock: clock)
                }
            }
        }
    }

    /// Returns false if the store failed, after a wait.
    private func loadDetails() async -> Bool {
        do {
            try await details.load()
            return true
        } catch {
            await account.failed(.details, error)
            try? await clock.sleep(for: Self.untilStoreIsAskedAgain)
            return false
        }
    }

    private func nextLook() async -> LookQueue.Look? {
        guard inFlight < mostAtOnce else { return nil }
        return await account.nextLook(onlyForApprovals: account.client.budget.wait(.rest) > .zero)
    }

    private func make(_ look: LookQueue.Look) async {
        switch look {
        case .automations: await automations.look()
        case .runs(let automation): await runs.look(at: automation)
        case .detail(let run): await details.look(at: run)
        }
        inFlight -= 1
        account.wakeup.signal()
    }

    /// When there may be a look to make, or the looks are to be fitted into the budget. A signal comes earlier if something is learned, or
    /// when a look ends.
    private func waitsUntil() async -> Timestamp {
        // The end of a look is a signal.
        guard inFlight < mostAtOnce else { return .distantFuture }
        let now = clock.now, fits = now + Self.fitEvery
        let due = await account.queue.nextDueAt(), loads = await details.loadsAt
        // The budget says when the next request may enter. Another request may take its place, so it is asked again then.
        let budget = now + max(account.client.budget.wait(.rest), .milliseconds(1))
        return min(max(due, budget), max(loads, now + .milliseconds(1)), fits)
    }

    private func fit() async {
        if let fittedAt, clock.uptime - fittedAt < Self.fitEvery { return }
        fittedAt = clock.uptime
        await account.fit(details: details.looksPerMinute)
    }
}

// MARK: - Looking once, and what others ask

extension AccountPoller {
    /// Looks at everything once; false if something could not be read, here or in the store.
    func lookOnce() async -> Bool {
        var good = await automations.look()
        good = await approvals.look(isWhole: true) && good
        for id in await book.ids.sorted() {
            repeat { good = await runs.look(at: id, isWhole: true) && good } while await mayGoOn(good, in: ListName(feed: .runs, about: id))
        }
        while await mayGoOn(good, in: ListName(feed: .approvals)) { good = await approvals.look(isWhole: true) && good }
        // This reads the details that are due by now, not those that these looks put off.
        let due = clock.now
        while await account.isRestored {
            do {
                let looked = try await details.lookAtAll(dueBefore: due)
                good = good && looked.failed == 0
                if looked.read == 0 {
                    try await absences.judge()
                    return good
                }
            } catch {
                await account.failed(.details, error)
                return false
            }
        }
        return false
    }

    private func mayGoOn(_ good: Bool, in list: ListName) async -> Bool {
        guard good else { return false }
        return await reader.hasGap(list)
    }

    /// Whether something was not read yet: since the program started, since an error, or since a list showed it. True also if the store
    /// fails.
    func isCatchingUp() async -> Bool {
        guard await account.isWhole else { return true }
        do {
            return try await !account.ledger.watches(account: name, dueBefore: clock.now, limit: 1).isEmpty
        } catch {
            await account.failed(.details, error)
            return true
        }
    }

    /// Moves the times of later looks after the wall clock was set.
    func shift(by difference: Duration) async {
        await reader.shift(by: difference)
        await approvalBook.shift(by: difference)
        await book.shift(by: difference)
        await details.shift()
        await account.shift(by: difference)
    }
}
