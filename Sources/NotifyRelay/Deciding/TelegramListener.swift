import Channels
import Dedup
import Logging
import RelayCore

/// Asks one bot of Telegram what was pressed, again and again; no port has to be open for it. What it was told is forgotten by Telegram only
/// when it is asked for what follows, and how far that is stands in the transaction of the answer: a crash loses no press and repeats none.
struct TelegramListener: Sendable {
    let bot: TelegramCallback
    /// The destinations of this bot.
    let destinations: [String]
    let relay: Relay
    let keys: LinkKeys
    let tools: ChannelTools
    let logger: Logger

    /// One for each bot, however many chats it is in: only one may ask.
    static func all(_ generation: Generation, relay: Relay, keys: LinkKeys, tools: ChannelTools, logger: Logger) -> [TelegramListener] {
        var listeners: [TelegramListener] = []
        for destination in generation.destinations {
            guard case .telegram(let callback)? = destination.callback, generation.router.mayAsk(destination.name) else { continue }
            if let known = listeners.firstIndex(where: { $0.bot.bot == callback.bot }) {
                listeners[known] = listeners[known].also(destination.name)
            } else {
                listeners.append(
                    TelegramListener(
                        bot: callback, destinations: [destination.name], relay: relay, keys: keys, tools: tools, logger: logger))
            }
        }
        return listeners
    }

    private func also(_ destination: String) -> TelegramListener {
        TelegramListener(
            bot: bot, destinations: destinations + [destination], relay: relay, keys: keys, tools: tools, logger: logger)
    }

    /// What Telegram kept is remembered under the bot's own mark, which outlives the name of a destination.
    private var key: String { "telegram/\(bot.bot)" }

    /// Until the task is cancelled.
    func run() async {
        var wait = Duration.zero, isSaid = false
        while !Task.isCancelled {
            do throws(DeliveryError) {
                let asked = tools.clock.uptime
                try await listenOnce()
                wait = .zero
                isSaid = false
                let took = tools.clock.uptime - asked
                if took < Self.pace { try? await tools.clock.sleep(for: Self.pace - took) }
            } catch {
                if Task.isCancelled { return }
                if !isSaid {
                    logger.warning("\(destinations.joined(separator: ", ")): what is pressed there is not heard: \(error.detail)")
                }
                isSaid = true
                wait = Self.wait(after: error, last: wait)
                try? await tools.clock.sleep(for: wait)
            }
        }
    }

    /// Telegram holds a question while nothing is pressed; whatever answers at once is not asked faster than this.
    private static let pace = Duration.seconds(1)

    /// One question, and all that it brought.
    func listenOnce() async throws(DeliveryError) {
        let position = try? await relay.ledger.cursor(to: key)
        for update in try await bot.updates(after: position?.position, tools: tools) {
            let cursor = PollCursor(source: key, position: update.position)
            guard let press = update.press else {
                try? await relay.ledger.save(cursor)
                continue
            }
            let finish = await relay.write(press, in: .telegram, at: destinations, keys: keys, cursor: cursor)
            // Not a child: what else is pressed does not wait for RevKeen.
            Task { [bot, tools] in
                let text = await finish()
                if let query = update.query { await bot.answer(query, text, tools: tools) }
            }
        }
    }

    private static func wait(after error: DeliveryError, last: Duration) -> Duration {
        switch error.verdict {
        case .throttled(let after?): after
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
