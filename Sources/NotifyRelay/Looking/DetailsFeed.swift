import Crypto
import Dedup
import Policy
import RelayCore
import RevKeen

/// The feed `details`: what happened inside a run. Notifications are found nowhere else.
actor DetailsFeed {
    nonisolated let account: Account
    nonisolated var unownedExecutor: UnownedSerialExecutor { account.unownedExecutor }

    /// The most details that are known to the queue at once.
    private static let mostDue = 1_024
    /// The details that are due are read from the store again when so few of them are left.
    private static let fewLeft = 64
    /// The most details that are read at once where the queue does not choose.
    private static let atOnce = 4
    /// How long a run that RevKeen does not find is still asked for.
    private static let missingFor = Duration.seconds(86_400)

    private let book: AutomationBook
    private let approvals: ApprovalBook
    private var trouble = DetailTrouble()
    /// The watches that are due, by their run.
    private var due: [String: RunWatch] = [:]
    /// The runs that were read, or are read now, since the store was asked which are due, with the number of storings when that began. What
    /// was stored of them up to then is old.
    private var readSinceLoad: [String: Int] = [:]
    /// Runs that were due at the last load although they were just read. They are due again if a list showed something new of them.
    private var skipped: Set<String> = []
    /// The store has more that are due than are known here.
    private var hasMore = false
    /// When the next watch of the store becomes due; nil if none does.
    private var nextDueAt: Timestamp?
    /// Watches that were put off and could not be stored yet, by their run.
    private var unsaved: [String: RunWatch] = [:]
    /// When a run that goes on was last read.
    private var readAt: [String: Timestamp] = [:]

    init(account: Account, book: AutomationBook, approvals: ApprovalBook) {
        self.account = account
        self.book = book
        self.approvals = approvals
    }

    /// The details that were read in the last minute.
    var looksPerMinute: Double { trouble.looksPerMinute(at: account.clock.uptime) }

    /// When `load` has something to do, if nothing is stored meanwhile.
    var loadsAt: Timestamp { nextDueAt ?? .distantFuture }

    func shift() { nextDueAt = .distantPast }

    /// Tells the queue which details are due, if that may have changed.
    func load() async throws(LedgerError) {
        let now = account.clock.now, (changed, newlyDue) = await account.takeDetailsChanged()
        let left = await account.queue.waitingDetails
        guard changed || hasMore && left < Self.fewLeft || (nextDueAt ?? .distantFuture) <= now || !fits(newlyDue, besides: left) else {
            return await add(newlyDue)
        }
        do throws(LedgerError) {
            try await saveWatches()
            let inFlight = await account.queue.runsInFlight
            readSinceLoad = readSinceLoad.filter { inFlight.contains($0.key) }
            // A run that is put off while the store is read may be missing in the answer.
            nextDueAt = nil
            let found = try await account.ledger.watches(account: account.name, dueBefore: now, limit: Self.mostDue)
            let next = try await account.ledger.nextWatch(account: account.name, after: now)
            nextDueAt = [nextDueAt, next].compactMap(\.self).min()
            hasMore = found.count == Self.mostDue
            await offer(found)
        } catch {
            await account.detailsChanged()
            throw error
        }
    }

    /// Whether newly due details can be read in their turn without asking the store which others are due.
    private func fits(_ newly: [Account.NewlyDue], besides left: Int) -> Bool {
        // Finished runs that are beyond what is known here are read in the order of the store.
        if hasMore { return !newly.contains { $0.watch.haste >= .failed } }
        return left + newly.count <= Self.mostDue
    }

    private func add(_ newly: [Account.NewlyDue]) async {
        guard !newly.isEmpty, !hasMore else { return }
        let inFlight = await account.queue.runsInFlight
        var new: [RunWatch] = [], known: [String] = []
        for (watch, storing) in newly.map({ ($0.watch, $0.storing) }) where readSinceLoad[watch.run] ?? -1 < storing {
            guard !inFlight.contains(watch.run) else {
                skipped.insert(watch.run)
                continue
            }
            if due.updateValue(watch, forKey: watch.run) != nil { known.append(watch.run) }
            new.append(watch)
        }
        let (again, last) = (known, new)
        await account.learn { queue in
            for run in again { queue.forget(run) }
            queue.add(last.map { Self.detail($0, queue) })
        }
    }

    private static func detail(_ watch: RunWatch, _ queue: LookQueue) -> LookQueue.Detail {
        let rate = watch.completedAt == nil ? queue.insideRate(of: watch.automation) : LateLooks.rate
        return LookQueue.Detail(run: watch.run, kind: .init(watch.haste), dueAt: watch.dueAt, rate: rate)
    }

    private func offer(_ watches: [RunWatch]) async {
        let read = readSinceLoad
        let waiting = watches.filter { read[$0.run] == nil }
        skipped = Set(watches.lazy.map(\.run).filter { read[$0] != nil })
        due = Dictionary(waiting.map { ($0.run, $0) }, uniquingKeysWith: { $1 })
        await account.learn { queue in queue.offer(waiting.map { Self.detail($0, queue) }) }
    }

    /// Reads the details that are due by a moment, a few at once. Returns how many were read, and how many could not be.
    func lookAtAll(dueBefore moment: Timestamp) async throws(LedgerError) -> (read: Int, failed: Int) {
        try await saveWatches()
        let watches = try await account.ledger.watches(account: account.name, dueBefore: moment, limit: Self.mostDue)
        return await withTaskGroup(of: Bool.self) { group in
            var read = 0
            for (index, watch) in watches.enumerated() {
                if index >= Self.atOnce, await group.next() == true { read += 1 }
                group.addTask { await self.look(at: watch) }
            }
            for await good in group where good { read += 1 }
            return (read, watches.count - read)
        }
    }

    /// Reads the detail of a run that was offered to the queue.
    func look(at run: String) async {
        readSinceLoad[run] = await account.storings
        var isGood = true
        if let watch = due.removeValue(forKey: run) { isGood = await look(at: watch) }
        await account.learn { [isGood] in $0.detailEnded(run, failed: !isGood) }
        if skipped.remove(run) != nil { await account.detailsChanged() }
    }

    /// Returns false if the detail could not be read. A run that is gone is not a failure.
    @discardableResult
    private func look(at watch: RunWatch) async -> Bool {
        trouble.looked(at: account.clock.uptime)
        let asked = account.clock.uptime
        do {
            try await LargeAnswers.work {
                let response = try await request(watch)
                await account.judgeReadable(response.complaint, "run \(watch.run)", id: "part/run/\(watch.run)")
                try await take(response, watch, asked: asked)
            }
            if trouble.succeeded(watch.run) { await account.readable("run \(watch.run)", id: "run/\(watch.run)") }
            await account.succeeded(.details)
            return true
        } catch {
            return await putOff(watch, after: error)
        }
    }

    private func request(_ watch: RunWatch) async throws(RevKeenError) -> RunDetailResponse {
        do throws(RevKeenError) {
            let urgency: RequestBudget.Urgency = watch.haste == .asked ? .approvals : .rest
            let response = try await account.client.run(watch.run, of: watch.automation, urgency: urgency)
            account.requested(.details, .changed)
            return response
        } catch {
            account.requested(.details, failed: error)
            throw error
        }
    }
}

// MARK: - Putting off

extension DetailsFeed {
    /// Stores the watches that could not be stored when they were put off. While that fails nothing more is read, because the due times
    /// in the store are old.
    private func saveWatches() async throws(LedgerError) {
        let watches = Array(unsaved.values)
        try await account.ledger.save(watches)
        for watch in watches where unsaved[watch.run] == watch { unsaved[watch.run] = nil }
        await account.watchesAreSaved(unsaved.isEmpty)
    }

    private func putOff(_ watch: RunWatch, after error: any Error) async -> Bool {
        let known = error as? RevKeenError, settings = account.settings
        let isGone = known?.reason == .notFound
        var later = watch
        later.onlyIfShown = watch.shown
        if isGone {
            later.dueAt = account.clock.now + settings.poll.runs.upperBound
            later.settled = trouble.missing(watch.run, at: account.clock.uptime) >= Self.missingFor
        } else {
            let (wait, isNews) = trouble.failed(watch.run, pace: settings.poll.runs.lowerBound)
            later.dueAt = account.clock.now + wait
            if let known, known.reason.isAboutOneThing {
                await account.unreadable("run \(watch.run)", id: "run/\(watch.run)", known, isNews: isNews)
            } else {
                await account.failed(.details, error)
            }
        }
        unsaved[watch.run] = later
        await account.watchesAreSaved(false)
        do {
            try await saveWatches()
        } catch {
            await account.failed(.details, error)
        }
        noteDue(later)
        guard isGone else { return false }
        // *Not found* is a response of an account that works.
        await account.readable("run \(watch.run)", id: "run/\(watch.run)", now: "is no more")
        await account.succeeded(.details)
        return true
    }

    private func noteDue(_ watch: RunWatch) {
        if !watch.settled { nextDueAt = min(nextDueAt ?? .distantFuture, watch.dueAt) }
    }
}

// MARK: - Taking

extension DetailsFeed {
    private func take(_ response: RunDetailResponse, _ watch: RunWatch, asked: Duration) async throws {
        let run = response.run, now = account.clock.now
        let isFirst = await account.isOfFirstLook(watch.run), beginning = await account.beginning
        let automation = await book.automation(watch.automation)
        let sightings =
            response.notifications.map { item in
                let moment = (item.createdAt?.moment ?? item.deliveredAt?.moment)
                return Sighting(
                    account.maker.notification(item, of: run, in: automation, now: now),
                    telling: beginning.isPast(moment, isFirstLook: isFirst) ? .silent : .routed)
            } + finished(response, in: automation, beginning, isFirstLook: isFirst)
        let look = ApprovalLook(asked: asked, isFirst: isFirst, runIsFinished: run.completedAt != nil)
        let newApprovals = try await approvals.see(response.approvals.map { $0.filled(from: run) }, look)
        try await approvals.closeGone(from: response)
        // Whether an event is new is known only inside the transaction that admits it.
        let ifNew = await moved(watch, run, brought: true)
        let next = WatchAfter(ifNew: ifNew, ifKnown: newApprovals > 0 ? ifNew : await moved(watch, run, brought: false))
        let new = try await account.admitter.admit(sightings, watch: next)
        let brought = newApprovals > 0 || !new.isEmpty
        noteDue(new.isEmpty ? next.ifKnown : next.ifNew)
        await learn(from: run, watch, new: new.count { $0.kind == .notification }, brought)
        if !new.isEmpty {
            let silent = Set(sightings.lazy.filter { $0.telling == .silent }.map(\.event.id))
            await account.silenced(new.count { silent.contains($0.id) })
        }
        await account.firstLookIsOver(at: watch.run)
    }

    private func finished(
        _ response: RunDetailResponse, in automation: Automation?, _ beginning: Beginning, isFirstLook: Bool
    ) -> [Sighting] {
        guard let event = account.maker.run(response, in: automation, now: account.clock.now) else { return [] }
        let past = beginning.isPast(response.run.completedAt?.moment, isFirstLook: isFirstLook)
        return [Sighting(event, telling: past ? .silent : .routed)]
    }

    /// Learns what this automation's runs bring before their end, how long they take, and whether something came after a run's end.
    private func learn(from run: Run, _ watch: RunWatch, new: Int, _ brought: Bool) async {
        let now = account.clock.now, began = run.startedAt?.moment ?? run.createdAt?.moment
        guard let completed = run.completedAt else {
            let since = readAt[watch.run] ?? began ?? now
            if readAt.count > 5_000 { readAt = [:] }
            readAt[watch.run] = now
            let passed = min(since.duration(to: now), .seconds(3_600))
            return await account.learn { $0.sawInside(watch.automation, new, in: passed) }
        }
        readAt[watch.run] = nil
        if watch.completedAt == nil, !watch.shown.isEmpty, let ended = completed.moment {
            let seconds = began.map { $0.duration(to: ended).inSeconds }
            await account.learn { $0.ended(watch.run, of: watch.automation, seconds: seconds) }
        }
        if watch.completedAt != nil, watch.rung > 0 { await account.sawLate(somethingNew: brought) }
    }

    private func moved(_ watch: RunWatch, _ run: Run, brought: Bool) async -> RunWatch {
        var moved = watch
        let now = account.clock.now
        // A list may have shown something newer of this run while its detail was read. The detail is then read again.
        moved.onlyIfShown = watch.shown
        moved.haste = .late
        guard let completed = run.completedAt else {
            moved.rung = 0
            moved.settled = false
            moved.dueAt = now + (await account.queue.wait(forRate: account.queue.insideRate(of: watch.automation)))
            return moved
        }
        // The first look at the finished run counts from 0, however often it was read before.
        let rung = watch.completedAt == nil ? 0 : watch.rung
        let next = DetailLadder.finished(rung: rung, due: watch.dueAt, completed: completed.moment, brought: brought, now: now)
        moved.completedAt = completed.moment ?? now
        moved.rung = next.rung
        moved.settled = next.dueAt == nil
        // A run that just brought something is read again, however seldom others are.
        if rung == 0 || !brought, await !account.late.includes(mark: Self.mark(run.id)) { moved.settled = true }
        moved.dueAt = next.dueAt ?? now
        return moved
    }

    /// A number that spreads runs evenly, and is the same for one run at each start of the program.
    private static func mark(_ run: String) -> UInt64 {
        SHA256.hash(data: Array(run.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension LookQueue.Detail.Kind {
    fileprivate init(_ haste: RunWatch.Haste) {
        self =
            switch haste {
            case .late: .guessed
            case .finished: .finished
            case .failed: .failed
            case .asked: .asked
            }
    }
}
