import Dedup
import Policy
import RelayCore
import RevKeen

/// The feed `automations`: it shows the automations, whose runs are then looked at.
actor AutomationsFeed {
    nonisolated let account: Account
    nonisolated var unownedExecutor: UnownedSerialExecutor { account.unownedExecutor }
    private let book: AutomationBook
    private let reader: ListReader
    private var backoff = ErrorBackoff()

    init(account: Account, book: AutomationBook, reader: ListReader) {
        self.account = account
        self.book = book
        self.reader = reader
    }

    /// Reads the list, and returns false if it could not be read.
    @discardableResult
    func look() async -> Bool {
        await account.learn { $0.began(.automations) }
        do {
            try await account.restore()
            try await LargeAnswers.work { try await read() }
            StopPoint.pass(.looked)
            await account.succeeded(.automations)
            backoff.succeeded()
            let now = account.clock.now
            await account.learn { $0.automationsRead(at: now) }
            return true
        } catch {
            await account.failed(.automations, error)
            let again = account.clock.now + backoff.failed(pace: account.settings.poll.automations)
            await account.learn { $0.failed(.automations, again: again) }
            return false
        }
    }

    private func read() async throws {
        let asked = account.clock.now
        let first = try await request()
        try await account.begin(at: first.date)
        let (all, fault) = try await wholeList(first)
        await account.judgeReadable(first.complaint, "the list of automations", id: "list/automations")
        await book.take(all)
        // The rest is read at the next look, which comes soon after a failure.
        if let fault { throw fault }
        await book.list(Set(all.map(\.id)), at: asked)
        try await book.lookUpUnlisted(besides: Set(all.map(\.id)))
        try await reader.endGaps(besides: await book.ids)
        try await account.storeOutlooks()
    }

    private func request(offset: Int? = nil, besides known: Set<String> = []) async throws(RevKeenError) -> Listing<Automation> {
        do throws(RevKeenError) {
            let listing = try await account.client.automations(offset: offset, besides: known)
            account.requested(.automations, .changed)
            return listing
        } catch {
            account.requested(.automations, failed: error)
            throw error
        }
    }

    /// Reads all pages of the list, because automations have no order.
    ///
    /// - Returns: the automations that were read, and what ended the reading early.
    private func wholeList(_ first: Listing<Automation>) async throws -> (all: [Automation], fault: (any Error)?) {
        var all = first.items, ids = Set(all.map(\.id)), page = first
        while page.isFull, await reader.mayPage {
            do {
                page = try await request(offset: all.count + first.skipped, besides: ids)
            } catch {
                if LargeAnswers.isAskedFor(by: error) { throw error }
                guard error.reason.isRefusalOfQuery else { return (all, error) }
                await reader.pagingIsRefused()
                break
            }
            guard !page.items.isEmpty else {
                // The same entries again: `offset` is not honoured. An empty page is the end.
                if page.repeated > 0 { await reader.pagingIsRefused() }
                break
            }
            await reader.pagingWorks()
            ids.formUnion(page.items.map(\.id))
            all += page.items
        }
        let hides = page.isFull ? "is full at \(first.limit), and RevKeen shows no more of it" : nil
        await account.saturated(ListName(feed: .automations), hides, "the list of automations")
        return (all, nil)
    }
}
