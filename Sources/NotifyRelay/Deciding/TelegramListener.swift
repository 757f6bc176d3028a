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
        for update in try await bot.updates(after: position, tools: tools) {
            let cursor = PollCursor(source: key, position: update.position)
            guard let press = update.press else {
                try await ledger.save(cursor)
                continue
            }
            let outcome = try await write(press, cursor)
            // This is no child task: the other presses do not wait for RevKeen.
            Task { [bot, presses, tools] in
                let text = await presses.inTime { await presses.finish(outcome) }
                if let query = update.query { await bot.answer(query, text, tools: tools) }
            }
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
