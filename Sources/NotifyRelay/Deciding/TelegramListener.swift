import Channels
import Dedup
import Logging
import Policy
import RelayCore

/// Polls one Telegram bot for pressed buttons, so that no port has to be open.
///
/// Telegram forgets an update when the next one is requested. The position of the last read update is stored in the transaction that
/// records a press, so that a crash neither loses a press nor repeats it.
struct TelegramListener: Sendable {
    let bot: TelegramCallback
    /// The names of the destinations that use this bot.
    let destinations: [String]
    let ledger: Ledger
    let presses: ButtonPresses
    let tools: ChannelTools
    let logger: Logger

    /// One listener for each bot, however many chats it is in, because Telegram lets only one client ask.
    static func all(
        _ generation: Generation, ledger: Ledger, presses: ButtonPresses, tools: ChannelTools, logger: Logger
    ) -> [TelegramListener] {
        var listeners: [TelegramListener] = []
        for destination in generation.destinations {
            guard case .telegram(let callback)? = destination.callback, generation.router.mayAsk(destination.name) else { continue }
            if let known = listeners.firstIndex(where: { $0.bot.bot == callback.bot }) {
                listeners[known] = listeners[known].also(destination.name)
            } else {
                listeners.append(
                    TelegramListener(
                        bot: callback, destinations: [destination.name], ledger: ledger, presses: presses, tools: tools, logger: logger))
            }
        }
        return listeners
    }

    private func also(_ destination: String) -> TelegramListener {
        TelegramListener(
            bot: bot, destinations: destinations + [destination], ledger: ledger, presses: presses, tools: tools, logger: logger)
    }

    /// The position is stored under the bot's own id, which does not change when a destination is renamed.
    private var key: String { "telegram/\(bot.bot)" }

    /// Runs until the task is cancelled.
    func run() async {
        var wait = Duration.zero, isSaid = false
        while !Task.isCancelled {
            do {
                let asked = tools.clock.uptime
                try await listenOnce()
                wait = .zero
                isSaid = false
                let took = tools.clock.uptime - asked
                if took < Self.pace { try? await tools.clock.sleep(for: Self.pace - took) }
            } catch {
                if Task.isCancelled { return }
                if !isSaid {
                    logger.warning("\(destinations.joined(separator: ", ")): what is pressed there is not heard: \(Self.detail(of: error))")
                }
                isSaid = true
                wait = Self.wait(after: error, last: wait)
                try? await tools.clock.sleep(for: wait)
            }
        }
    }

    /// The shortest time between two polls. Telegram holds a poll open while nothing is pressed; a server that responds at once is not
    /// polled faster than this.
    private static let pace = Duration.seconds(1)
    /// How long to wait after a fault of the store.
    private static let storePause = Duration.seconds(5)

    /// Polls once, and records all presses that came.
    ///
    /// - Throws: `DeliveryError` if Telegram does not respond well; `LedgerError` if the store failed. Then the press that could not be
    ///   recorded, and all after it, come again with the next poll.
    func listenOnce() async throws {
        let position = try await ledger.cursor(to: key)?.position
        // The relay passes over talk in a group: its position is saved with the next press or reply, or at the end.
        var passed: PollCursor?
        for update in try await bot.updates(after: position, tools: tools) {
            let cursor = PollCursor(source: key, position: update.position)
            if let press = update.press {
                try await hear(press, update, cursor)
            } else if let reply = update.reply,
                let question = try await ledger.question(reply.to.message, in: reply.to.chat, of: key), question.person == reply.userID
            {
                try await take(reply, to: question, position: update.position)
            } else {
                passed = cursor
                continue
            }
            passed = nil
        }
        if let passed { try await ledger.save(passed) }
        try await endQuestions()
    }

    private func hear(_ press: Press, _ update: TelegramCallback.Update, _ cursor: PollCursor) async throws(LedgerError) {
        if try await asked(press, update, cursor) { return }
        let outcome = try await write(press, cursor)
        // This is no child task: the other presses do not wait for RevKeen.
        Task { [bot, presses, tools] in
            let text = await presses.inTime { await presses.finish(outcome) }
            if let query = update.query { await bot.answer(query, text, tools: tools) }
        }
    }

    // MARK: Reasons

    /// How long a reply to a question counts.
    private static let patience = Duration.seconds(600)

    /// Asks the person who pressed why they reject.
    ///
    /// - Returns: false if there is nothing to ask, or if nobody could be asked. Then the press decides, where that is enough.
    private func asked(
        _ press: Press, _ update: TelegramCallback.Update, _ cursor: PollCursor
    ) async throws(LedgerError) -> Bool {
        guard let place = update.place, let isNeeded = await presses.asksWhy(press, in: .telegram, at: destinations) else { return false }
        let now = tools.clock.now
        let isAsked = try await ledger.questions(of: key).contains {
            $0.person == press.userID && $0.token == press.token && $0.until > now
        }
        if isAsked {
            try await ledger.save(cursor)
        } else {
            let message = await bot.ask(press, at: place, isNeeded: isNeeded, within: Self.patience, tools: tools)
            guard let message else { return false }
            try await ledger.ask(
                ReasonQuestion(
                    source: key, chat: place.chat, message: message, person: press.userID, token: press.token,
                    until: now + Self.patience), cursor: cursor)
        }
        if let query = update.query { await bot.answer(query, "Say why in a reply to the question.", isLoud: false, tools: tools) }
        return true
    }

    private func take(
        _ reply: TelegramCallback.Reply, to question: ReasonQuestion, position: Int64
    ) async throws(LedgerError) {
        var press = Press(chats: [reply.to.chat], token: question.token, userID: reply.userID, userName: reply.userName)
        press.reason = TelegramCallback.isDash(reply.text) ? "" : reply.text
        let outcome = try await write(press, PollCursor(source: key, position: position, answered: question))
        let place = TelegramCallback.place(chat: reply.to.chat, message: reply.message)
        // This is no child task, as for a press.
        Task { [bot, presses, tools] in
            await bot.say(await presses.inTime { await presses.finish(outcome) }, to: place, tools: tools)
        }
    }

    /// Says of the questions that nobody answered in time that nothing was decided.
    private func endQuestions() async throws(LedgerError) {
        for question in try await ledger.questions(of: key) where question.until <= tools.clock.now {
            try await ledger.forget(question)
            let place = TelegramCallback.place(chat: question.chat, message: question.message)
            await bot.say("No reason came, so nothing was decided.", to: place, tools: tools)
        }
    }

    private func write(_ press: Press, _ cursor: PollCursor) async throws(LedgerError) -> DecisionOutcome {
        guard let request = try await presses.request(of: press, in: .telegram, at: destinations) else {
            try await ledger.save(cursor)
            return ButtonPresses.foreign
        }
        return try await presses.deciding.write(request, cursor: cursor)
    }

    private static func detail(of error: any Error) -> String { (error as? DeliveryError)?.detail ?? "\(error)" }

    private static func wait(after error: any Error, last: Duration) -> Duration {
        guard let error = error as? DeliveryError else { return storePause }
        return switch error.verdict {
        case .throttled(let after?), .unavailable(let after?): after
        case .gone: .seconds(300)
        default: min(max(last * 2, .seconds(5)), .seconds(300))
        }
    }
}

extension Router {
    /// Whether a request for approval may ever go to a destination.
    func mayAsk(_ destination: String) -> Bool {
        routes.contains { route in
            (route.to.contains(destination) || route.reminders?.escalation?.to.contains(destination) == true)
                && (route.when.kind.map { $0.contains(.approval) } ?? true)
        }
    }
}
