import Dedup
import RelayCore
import RevKeen

/// Reads lists that show only a part. A full list whose end is not known opens a gap, which is read page by page, and which only its own end
/// closes. A fault, the budget or a kill leave it open, and the next look at the list goes on.
actor ListReader {
    nonisolated let account: Account
    nonisolated var unownedExecutor: UnownedSerialExecutor { account.unownedExecutor }

    /// The most pages of a gap that one look reads, so that the top of the list is seen again soon.
    private static let pagesOfLook = 200
    /// How long one look may keep the turn of large answers.
    private static let turn = Duration.seconds(60)

    private var paging = Paging()
    private var areGapsRead = false
    /// The parts of lists that were not read yet, as they are stored.
    private var gaps: [ListName: Gap] = [:]
    /// The status words that the lists showed since the program started.
    private var statusWords: [Gap.Feed: Set<String>] = [:]

    private var name: String { account.name }
    private var ledger: Ledger { account.ledger }
    private var clock: any WallClock { account.clock }

    init(account: Account) { self.account = account }

    var mayPage: Bool { paging.mayBeAsked(at: clock.now) }

    func pagingWorks() { paging.works() }

    func pagingIsRefused() { paging.isRefused(at: clock.now) }

    func hasGap(_ list: ListName) -> Bool { gaps[list] != nil }

    func shift(by difference: Duration) { paging.shift(by: difference) }

    /// Stores what the top of a list shows, and reads on as far as it can where the list shows only a part.
    ///
    /// - Parameter others: entries of the list that were found by other means. They are stored after the top.
    func read<Item>(_ head: Listing<Item>, and others: [Item] = [], of list: PagedList<Item>) async throws -> Sight {
        try await restoreGaps()
        var sight = Sight(namesEntries: list.namesEntries)
        for item in head.items { noteStatus(item.status, of: list.feed) }
        // A list in no order is read to its end, and then from its top again.
        if head.isNewestFirst || gaps[list.name] == nil, try await hidesSomething(head, list) {
            let gap = Gap(
                account: name, feed: list.feed, about: list.about, openedAt: clock.now,
                oldest: head.items.compactMap { $0.createdAt?.moment }.min(), reached: head.count)
            keep(try await ledger.open(gap, knowsNothing: !head.isNewestFirst))
        }
        for items in [head.items, others] where !items.isEmpty { sight.add(items, isNews: try await list.store(items)) }
        guard let gap = gaps[list.name] else {
            await isWhole(list)
            return sight
        }
        if paging.mayBeAsked(at: clock.now), try await readOn(gap, under: head, list, &sight) { return sight }
        try await readByStatus(gap, head, list, &sight)
        return sight
    }

    /// Whether something of a list may be below what it shows.
    func hidesSomething<Item>(_ head: Listing<Item>, _ list: PagedList<Item>) async throws -> Bool {
        guard head.isFull else { return false }
        guard head.isNewestFirst else { return true }
        guard let last = head.items.last, !head.items.allSatisfy(list.isPast) else { return head.items.isEmpty }
        return try await ledger.alreadyRead([last.id], of: list.feed, account: name, before: nil).isEmpty
    }

    /// Reads a gap page by page. The last page that was read is read again, because entries may have moved up.
    ///
    /// - Returns: false if the API does not page.
    private func readOn<Item>(
        _ gap: Gap, under head: Listing<Item>, _ list: PagedList<Item>, _ sight: inout Sight
    ) async throws -> Bool {
        var gap = gap
        // The page before is read again, and the head tells whether `offset` is honoured. A list may have far more entries than memory.
        let top = Set(head.items.map(\.id))
        var pageBefore: Set<String> = []
        let began = clock.uptime
        gap.reached = max(head.count, gap.reached - head.limit)
        for _ in 0..<Self.pagesOfLook {
            let page: Listing<Item>
            do {
                page = try await list.page(gap.reached, top.union(pageBefore))
            } catch let error as RevKeenError where error.reason.isRefusalOfQuery {
                paging.isRefused(at: clock.now)
                return false
            }
            let ids = page.items.map(\.id)
            // The same entries again: `offset` is not honoured. Where it is known to be, as many new ones came in between.
            if !paging.isKnownToWork, page.isFull, page.repeated > 0, ids.isEmpty {
                paging.isRefused(at: clock.now)
                return false
            }
            paging.works()
            let known = try await ledger.alreadyRead(ids, of: list.feed, account: name, before: gap)
            sight.add(page.items, isNews: try await list.store(page.items))
            pageBefore = ids.isEmpty ? pageBefore : Set(ids)
            // An entry of this gap says nothing about what is below it.
            let isPast = head.isNewestFirst && page.items.allSatisfy(list.isPast)
            let isKnown = !ids.isEmpty && page.repeated == 0 && (isPast || known.count == ids.count)
            if !page.isFull || isKnown {
                try await end(gap)
                await isWhole(list)
                return true
            }
            gap.reached += page.count
            gap.oldest = ([gap.oldest] + page.items.map { $0.createdAt?.moment }).compactMap(\.self).min()
            try await ledger.advance(gap)
            keep(gap)
            // Others wait for the turn, so a slow server does not keep it.
            if LargeAnswers.isInTurn, clock.uptime - began > Self.turn { break }
        }
        return true
    }

    /// Asks a list that does not page for each status that was seen in it. What is still hidden then is reported.
    private func readByStatus<Item>(
        _ gap: Gap, _ head: Listing<Item>, _ list: PagedList<Item>, _ sight: inout Sight
    ) async throws {
        var isHidden = false
        let shown = Set(head.items.map(\.id))
        for word in statusWords[list.feed, default: []].sorted() {
            let part: Listing<Item>
            do {
                part = try await list.withStatus(word, shown)
            } catch let error as RevKeenError where error.reason.isRefusalOfQuery {
                isHidden = true
                break
            }
            let end = part.items.suffix(1).map(\.id)
            let isEndKnown = try await !ledger.alreadyRead(end, of: list.feed, account: name, before: gap).isEmpty
            // A filter that is not honoured shows the list as it is, or nothing.
            let isIgnored = part.items.contains { $0.status != word } || part.count == 0 && head.items.contains { $0.status == word }
            let isEndPast = part.isNewestFirst && part.items.last.map(list.isPast) == true
            if isIgnored || part.isFull && !isEndKnown && !isEndPast { isHidden = true }
            sight.add(part.items, isNews: try await list.store(part.items))
        }
        try await end(gap)
        if isHidden || statusWords[list.feed, default: []].isEmpty { await isPart(list, head, gap) } else { await isWhole(list) }
    }

    private func noteStatus(_ word: String?, of feed: Gap.Feed) {
        guard let word, !word.isEmpty, word.utf8.count <= 60, statusWords[feed, default: []].count < 20 else { return }
        statusWords[feed, default: []].insert(word)
    }

    private func keep(_ gap: Gap) {
        gaps[gap.list] = gap
        countGaps()
    }

    /// Closes a gap: all of it was read, or nothing more of it can be.
    func end(_ gap: Gap) async throws {
        try await ledger.close(gap)
        gaps[gap.list] = nil
        countGaps()
    }

    private func countGaps() {
        for feed in Gap.Feed.allCases {
            account.metrics.gaps(account: name, feed: feed.rawValue, gaps.keys.count { $0.feed.rawValue == feed.rawValue })
        }
    }

    /// Takes up what an earlier run of the program left open.
    func restoreGaps() async throws(LedgerError) {
        if areGapsRead { return }
        let stored = try await ledger.gaps(account: name)
        if areGapsRead { return }
        areGapsRead = true
        for gap in stored { gaps[gap.list] = gap }
        countGaps()
    }

    /// Closes the gap of an automation that is no more. If the store fails, the next look at the automations does.
    func endGap(ofRunsOf automation: String) async {
        guard let gap = gaps[ListName(feed: .runs, about: automation)] else { return }
        do {
            try await end(gap)
        } catch {
            await account.failed(.runs, error)
        }
    }

    /// Closes the gaps of automations that are not watched any more.
    func endGaps(besides automations: Set<String>) async throws {
        for gap in gaps.values where gap.feed == .runs && !automations.contains(gap.about) { try await end(gap) }
    }

    func isWhole<Item>(_ list: PagedList<Item>) async {
        await account.saturated(list.name, nil, list.what)
    }

    private func isPart<Item>(_ list: PagedList<Item>, _ head: Listing<Item>, _ gap: Gap) async {
        let time = head.items.compactMap { $0.createdAt?.moment }.min().map { "before \($0)" } ?? "at an unknown time"
        await account.saturated(
            list.name, "is full at \(head.limit), and RevKeen shows no more of it; what was \(time) may be missing", list.what)
    }
}
