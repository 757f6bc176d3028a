import Dedup
import Logging
import Policy
import RelayCore
import RevKeen

/// The health of the feeds, and the reports about it.
extension Account {
    /// The shortest time between two writes of a feed's state, which `status` reads from the store.
    private static let noteEvery = Duration.seconds(10)

    func succeeded(_ feed: Feed) async {
        await reports.tellUntold()
        metrics.read(account: name, feed: feed.rawValue, at: clock.now)
        logger.debug("looked at \(feed.rawValue)", metadata: ["account": "\(name)"])
        let isWell = trouble.succeeded(feed)
        firstLookDone.insert(feed)
        await writeDown(feed)
        if isWell {
            for topic in ["unreachable", "unauthorized", "forbidden"] {
                await reports.end(SelfReport.Topic(name: topic, about: name, account: name), "account \(name) answers again")
            }
        }
        await closeFirstRound()
    }

    func failed(_ feed: Feed, _ error: any Error) async {
        if error is CancellationError || Task.isCancelled { return }
        guard let error = error as? RevKeenError else {
            logger.error("the store: \(error)", metadata: ["account": "\(name)"])
            return metrics.pollFailed(account: name, reason: "store")
        }
        if error.reason == .cancelled { return }
        metrics.pollFailed(account: name, reason: error.reason.rawValue)
        logger.debug("could not look at \(feed.rawValue): \(error.detail)", metadata: ["account": "\(name)"])
        guard trouble.failed(feed, error.reason) else { return }
        let (topic, text) = Self.complaint(error, account: name, feed: feed)
        await reports.begin(SelfReport.Topic(name: topic, about: name, account: name), text)
    }

    /// Reports that one automation's runs, or one run, cannot be read although the account can. An account that cannot be read is reported
    /// once, not once for each of its items.
    func unreadable(_ what: String, id: String, _ error: RevKeenError, isNews: Bool) async {
        metrics.pollFailed(account: name, reason: error.reason.rawValue)
        guard isNews, !trouble.isIll else { return }
        await reports.begin(
            SelfReport.Topic(name: "unreadable", about: "\(name)/\(id)", account: name),
            "account \(name): \(what) cannot be read: \(error.detail)")
    }

    func readable(_ what: String, id: String, now: String = "can be read again") async {
        await reports.end(SelfReport.Topic(name: "unreadable", about: "\(name)/\(id)", account: name), "account \(name): \(what) \(now)")
    }

    /// Reports what of a good response could not be read, and when all of it can be read again.
    func judgeReadable(_ complaint: String?, _ what: String, id: String) async {
        guard let complaint else { return await readable(what, id: id) }
        await reports.begin(
            SelfReport.Topic(name: "unreadable", about: "\(name)/\(id)", account: name),
            "account \(name): a part of \(what) cannot be read: \(complaint)")
    }

    private static func complaint(_ error: RevKeenError, account: String, feed: Feed) -> (topic: String, text: String) {
        switch error.reason {
        case .unauthorized:
            ("unauthorized", "account \(account): RevKeen refuses the API key (\(error.detail)); give it a valid one")
        case .forbidden:
            ("forbidden", "account \(account): the API key lacks the scope automations:read (\(error.detail))")
        default:
            ("unreachable", "account \(account): \(feed.rawValue) cannot be read: \(error.detail)")
        }
    }

    /// Logs a status that the vocabulary does not know, once. Its item is admitted like any other.
    func note(unknown word: String?, of what: String) {
        guard let word, wordsSaid.count < 1_000, wordsSaid.insert("\(what)/\(word)").inserted else { return }
        logger.notice(
            "unknown word '\(word.prefix(60))' for the status of \(what); `words:` can say what it means", metadata: ["account": "\(name)"])
    }

    /// Counts a request of a feed.
    nonisolated func requested(_ feed: Feed, _ result: RequestResult) { metrics.requested(account: name, feed: feed, result) }

    nonisolated func requested(_ feed: Feed, failed error: any Error) {
        requested(feed, (error as? RevKeenError)?.reason == .rateLimited ? .refused : .failed)
    }

    /// Reports a list of which something cannot be seen, and when that ends.
    ///
    /// - Parameter problem: what hides a part of it; nil if nothing does.
    func saturated(_ list: ListName, _ problem: String?, _ what: String) async {
        if problem == nil { saturated.remove(list) } else { saturated.insert(list) }
        metrics.saturated(account: name, feed: list.feed.rawValue, isSaturated(list.feed))
        let topic = SelfReport.Topic(name: "saturated", about: "\(name)/\(list.path)", account: name)
        // A report that is open is not told again, and one that is not open has no end.
        if let problem {
            await reports.begin(topic, "account \(name): \(what) \(problem)")
        } else {
            await reports.end(topic, "account \(name): \(what) is whole again")
        }
    }

    private func isSaturated(_ feed: Feed) -> Bool { saturated.contains { $0.feed == feed } }

    /// How long a thing of a feed waits until it is seen, as far as that is known.
    private func delay(of feed: Feed) -> FeedState.SeenDelay {
        let expected: Duration? =
            switch feed {
            case .approvals: approvalsPace / 2
            case .automations: settings.poll.automations * queue.stretch / 2
            case .runs, .details: queue.expectedDelay.map { .milliseconds(Int64(min($0, 1e9) * 1_000)) }
            }
        let measured = metrics.measuredDelay(account: name, feed: feed)
        return FeedState.SeenDelay(
            expected: expected, median: measured?.median, most: measured?.most, stretch: feed == .approvals ? 1 : queue.stretch)
    }

    /// The time between two looks at approvals: as configured, or 3 s. It is longer if the looks would take over a quarter of the budget.
    var approvalsPace: Duration { settings.poll.approvalsPace(budget: client.budget.perMinute) }

    private func writeDown(_ feed: Feed) async {
        let now = clock.now, saturated = isSaturated(feed)
        let last = states[feed]
        let isFirstMeasured = last?.delay?.median == nil && metrics.measuredDelay(account: name, feed: feed) != nil
        if let last, !isFirstMeasured, last.saturated == saturated, let read = last.lastReadAt, read <= now, now < read + Self.noteEvery {
            return
        }
        let state = FeedState(
            account: name, name: feed.rawValue, firstReadAt: last?.firstReadAt ?? now, lastReadAt: now, saturated: saturated,
            delay: delay(of: feed))
        states[feed] = state
        do {
            try await ledger.save(state)
        } catch {
            // The next good look stores it.
            if states[feed] == state { states[feed] = last }
            await failed(feed, error)
        }
    }

    /// Everything was looked at since the program started, and every list was well at its last look.
    var isWhole: Bool { firstRound.isOver && !trouble.isIll && failing.isEmpty }

    /// Ends the first round once everything was looked at. In the first round of a new account it reports how many items were stored and
    /// not sent.
    private func closeFirstRound() async {
        guard !firstRound.isOver, firstLookDone.isSuperset(of: [.approvals, .automations]),
            unlooked.isEmpty, !hasUnsavedWatches
        else { return }
        do {
            guard try await ledger.watches(account: name, dueBefore: clock.now, limit: 1).isEmpty, !firstRound.isOver else { return }
        } catch {
            return await failed(.details, error)
        }
        firstRound.isOver = true
        guard firstRound.isOfALife, firstRound.silenced > 0 else { return }
        let topic = SelfReport.Topic(name: "first_look", about: name, account: name), isOne = firstRound.silenced == 1
        await reports.once(
            topic,
            "account \(name): \(firstRound.silenced) item\(isOne ? "" : "s") from before \(since?.description ?? "the start") "
                + "\(isOne ? "is" : "are") remembered and not told")
    }
}

/// Names a list of an account.
struct ListName: Hashable, Sendable {
    var feed: Feed
    /// The automation whose runs the list shows; empty for the other lists.
    var about = ""

    /// How a report names it.
    var path: String { about.isEmpty ? feed.rawValue : "\(feed.rawValue)/\(about)" }
}

/// The first round of looks at everything since the program started.
struct FirstRound {
    var isOver = false
    /// The store had no `since` of the account yet, so this is the first round of a new account.
    var isOfALife = false
    /// The number of items that were stored and not sent.
    var silenced = 0
}

/// The feeds that fail. A feed of many requests counts as ill only after several failures in a row, because one bad run may be the cause.
struct FeedTrouble {
    private static let patience: [Feed: Int] = [.runs: 3, .details: 3]
    private var failures: [Feed: Int] = [:]
    private var ill: Set<Feed> = []

    var isIll: Bool { !ill.isEmpty }

    /// Resets the failures of a feed. Returns whether no feed is ill now.
    mutating func succeeded(_ feed: Feed) -> Bool {
        failures[feed] = 0
        ill.remove(feed)
        return ill.isEmpty
    }

    /// Counts a failure. Returns whether it is to be reported; a refused key is reported at once.
    mutating func failed(_ feed: Feed, _ reason: RevKeenError.Reason) -> Bool {
        failures[feed, default: 0] += 1
        let isRefusal = reason == .unauthorized || reason == .forbidden
        guard isRefusal || failures[feed, default: 0] >= Self.patience[feed] ?? 1 else { return false }
        ill.insert(feed)
        return true
    }
}

extension RevKeenError.Reason {
    /// The error concerns only the item that was requested; the account itself may work.
    var isAboutOneThing: Bool {
        switch self {
        case .badAnswer, .tooLarge, .serverError, .badRequest, .unprocessable, .conflict: true
        case .unreachable, .timeout, .unauthorized, .forbidden, .notFound, .inProgress, .rateLimited, .cancelled: false
        }
    }
}
