import Dedup
import Policy
import RelayCore
import RelaySupport
import RevKeen

/// The feed `approvals`: one request shows the whole account's open and decided requests.
///
/// The hot look asks for what is pending. The whole list follows each 30 s, because a filter that RevKeen does not honour, or another word
/// for what is open, would hide requests without a sign.
actor ApprovalsFeed {
    nonisolated let account: Account
    nonisolated var unownedExecutor: UnownedSerialExecutor { account.unownedExecutor }

    /// How often the whole list is read.
    private static let wholeEvery = Duration.seconds(30)
    /// How many entries a hot look asks for at first.
    private static let fewest = 25
    /// How long a caller waits for a fresh look.
    private static let patience = Duration.seconds(5)

    private let approvals: ApprovalBook
    private let reader: ListReader
    private var backoff = ErrorBackoff()
    private var filter = PendingFilter()
    /// When the last good list was requested, by the monotonic clock; nil before the first.
    private var readAt: Duration?
    private var wholeAt: Duration?
    /// How many entries a hot look asks for: as many as sufficed last.
    private var hotLimit = ApprovalsFeed.fewest
    /// The last whole list had as many entries as one answer shows.
    private var wasFull = false
    /// More is pending than one answer shows.
    private var isPendingFull = false
    /// The last answer showed an open approval.
    private var isAnyOpen = false
    private var order: Listing<Approval>.Order?
    /// The last good answers, by what was asked for.
    private var answers: [Question: Fingerprint] = [:]
    private let freshLook = AsyncMutex()

    private struct Question: Hashable {
        var isPending: Bool
        var limit: Int
    }

    init(account: Account, approvals: ApprovalBook, reader: ListReader) {
        self.account = account
        self.approvals = approvals
        self.reader = reader
    }

    private var clock: any WallClock { account.clock }

    /// Looks at its pace until the task is cancelled. Nothing else makes it wait.
    func run() async {
        while !Task.isCancelled {
            let began = clock.uptime
            let good = await look()
            let pace = await account.approvalsPace
            // The time that the look took is a part of its interval.
            let wait = good ? max(.milliseconds(1), pace - (clock.uptime - began)) : backoff.failed(pace: pace)
            if good { backoff.succeeded() }
            try? await clock.sleep(for: wait)
        }
    }

    /// Looks at the approvals, unless the last good look is at most `age` old. It returns after 5 s at the latest.
    func look(ifOlderThan age: Duration) async {
        if let readAt, clock.uptime - readAt <= age { return }
        let called = clock.uptime
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.freshLook.withLock {
                    // A look that began while this caller waited for its turn serves it too, however many wait.
                    if await !self.isFresh(since: called, age) { await self.look() }
                }
            }
            group.addTask { try? await self.clock.sleep(for: Self.patience) }
            await group.next()
            group.cancelAll()
        }
    }

    private func isFresh(since called: Duration, _ age: Duration) -> Bool {
        guard let readAt else { return false }
        return readAt >= called || clock.uptime - readAt <= age
    }

    /// Reads the approvals, and returns false if they could not be read.
    ///
    /// - Parameter isWhole: the whole list is read, whenever it was read last.
    @discardableResult
    func look(isWhole: Bool = false) async -> Bool {
        do {
            try await account.restore()
            try await LargeAnswers.work { try await read(isWhole: isWhole) }
            StopPoint.pass(.looked)
            await account.succeeded(.approvals)
            return true
        } catch {
            answers = [:]
            wholeAt = nil
            await account.failed(.approvals, error)
            return false
        }
    }

    /// Nothing of the list waits to be read, or cannot be.
    private var isWhole: Bool {
        get async {
            let list = ListName(feed: .approvals)
            if await reader.hasGap(list) { return false }
            return await !account.saturated.contains(list)
        }
    }
}

// MARK: - Reading

extension ApprovalsFeed {
    private func read(isWhole: Bool) async throws {
        let asked = clock.uptime
        let isFirst = await !account.firstLookDone.contains(.approvals)
        let look = ApprovalLook(asked: asked, isFirst: isFirst)
        let isWholeDue = isWhole || wholeAt.map { asked - $0 >= Self.wholeEvery } ?? true
        // An open approval may stand anywhere in the list.
        let mustBeWhole = isPendingFull || !filter.isHonoured && (isAnyOpen || order != .newest)
        let hidesPart = await !self.isWhole
        if isWholeDue || mustBeWhole || isFirst || hidesPart { try await readWhole(look) } else { try await readHot(look) }
        readAt = max(asked, readAt ?? .zero)
    }

    /// Reads the whole list, and compares it with what is pending.
    private func readWhole(_ look: ApprovalLook) async throws {
        // Below the end of a full list an open approval can change without a sign in it.
        let isComparedAnyway = isAnyOpen && (wasFull || !filter.isJudged)
        let mayBeSkipped = await isWhole && !isComparedAnyway
        let last = mayBeSkipped ? answer(nil, RevKeenClient.mostEntries) : nil
        let listing = try await request(nil, RevKeenClient.mostEntries, unlike: last)
        if listing.isUnchanged {
            wholeAt = look.asked
            return
        }
        try await account.begin(at: listing.date)
        await account.judgeReadable(listing.complaint, "the list of approvals", id: "list/approvals")
        if listing.order != .unknown { order = listing.order }
        wasFull = listing.isFull
        let pending = try await pendingOnes(under: listing)
        isAnyOpen = !openOnes(listing).isEmpty || !pending.isEmpty
        let sight = try await reader.read(listing, and: pending, of: try await paged(look))
        try await approvals.askForAbsent(besides: sight.ids)
        if await isWhole { keep(listing, nil, RevKeenClient.mostEntries) }
        wholeAt = look.asked
    }

    /// Reads what is pending, or the newest of all where it is not known that RevKeen honours the filter.
    private func readHot(_ look: ApprovalLook) async throws {
        let word = filter.isHonoured ? PendingFilter.word : nil
        var limit = hotLimit
        while true {
            let listing = try await request(word, limit, unlike: answer(word, limit))
            if listing.isUnchanged { return }
            await account.judgeReadable(listing.complaint, "the list of approvals", id: "list/approvals")
            let list = try await paged(look)
            let hides = word == nil ? try await reader.hidesSomething(listing, list) : listing.isFull
            if hides, limit < RevKeenClient.mostEntries {
                limit = min(limit * 2, RevKeenClient.mostEntries)
                continue
            }
            // More is pending than one answer shows, or the list is not what it was.
            guard !hides, filter.isAsExpected(listing, openOnes: openOnes(listing), filtered: word != nil) else {
                return try await readWhole(look)
            }
            _ = try await approvals.see(listing.items, look)
            isAnyOpen = isAnyOpen || !openOnes(listing).isEmpty
            if word != nil, try await approvals.hasNewlyAbsent(besides: Set(listing.items.map(\.id))) { return try await readWhole(look) }
            hotLimit = listing.items.count * 4 < limit ? Self.fewest : limit
            return keep(listing, word, limit)
        }
    }

    /// Reads what is pending, if the whole list is full or the filter was not judged lately. An unknown filter word may be refused or bring nothing;
    /// the unfiltered list is used in either case.
    private func pendingOnes(under listing: Listing<Approval>) async throws -> [Approval] {
        let open = openOnes(listing)
        guard listing.isFull || !open.isEmpty else {
            isPendingFull = false
            return []
        }
        let shown = Set(listing.items.map(\.id))
        do {
            // Large entries are not in memory twice.
            let besides = LargeAnswers.isInTurn ? shown : []
            let pending = try await request(PendingFilter.word, RevKeenClient.mostEntries, besides: besides)
            isPendingFull = pending.isFull
            if besides.isEmpty { filter.judge(pending, openOnes: openOnes(pending), under: open) }
            return pending.items.filter { !shown.contains($0.id) }
        } catch {
            if LargeAnswers.isAskedFor(by: error) { throw error }
            if error.reason.isRefusalOfQuery { filter.refuse() }
            return []
        }
    }

    private func openOnes(_ listing: Listing<Approval>) -> Set<String> {
        Set(listing.items.filter { account.maker.words.state(of: $0).state == .open }.map(\.id))
    }

    private func paged(_ look: ApprovalLook) async throws -> PagedList<Approval> {
        let beginning = await account.beginning, words = account.maker.words
        return PagedList<Approval>(
            name: ListName(feed: .approvals), what: "the list of approvals",
            page: { try await self.request(nil, RevKeenClient.mostEntries, offset: $0, besides: $1) },
            withStatus: { try await self.request($0, RevKeenClient.mostEntries, besides: $1) },
            store: { try await self.approvals.see($0, look) > 0 },
            isPast: { approval in
                words.state(of: approval).state != .open && beginning.isPast(approval.createdAt?.moment, isFirstLook: look.isFirst)
            }, namesEntries: true)
    }

    private func request(
        _ status: String?, _ limit: Int, offset: Int? = nil, besides known: Set<String> = [], unlike last: Fingerprint? = nil
    ) async throws(RevKeenError) -> Listing<Approval> {
        do throws(RevKeenError) {
            let listing = try await account.client.approvals(status: status, limit: limit, offset: offset, besides: known, unlike: last)
            account.requested(.approvals, listing.isUnchanged ? .unchanged : .changed)
            return listing
        } catch {
            account.requested(.approvals, failed: error)
            throw error
        }
    }

    private func answer(_ word: String?, _ limit: Int) -> Fingerprint? { answers[Question(isPending: word != nil, limit: limit)] }

    private func keep(_ listing: Listing<Approval>, _ word: String?, _ limit: Int) {
        let question = Question(isPending: word != nil, limit: limit)
        answers[question] = listing.complaint == nil && listing.tellsWhole ? listing.fingerprint : nil
    }
}
