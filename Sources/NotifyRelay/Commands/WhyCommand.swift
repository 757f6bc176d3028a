import ArgumentParser
import Dedup
import Policy
import RelayCore
import RelaySupport

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Everything about one item: its routes, its windows, every attempt.",
        discussion: """
            ID is an event's id, a bare uuid or its first 8 characters, or the number of a delivery that `status` shows.
            """)

    @OptionGroup var file: ConfigurationOption
    @Flag(help: "For programs.") var json = false
    @Argument(help: "What to explain.") var id: String

    func run() async throws {
        let configuration = try file.loadPart().configuration
        let ledger = try file.openLedger(configuration)
        defer { ledger.end() }
        var ids = try await ledger.resolve(id)
        if ids.isEmpty, let silent = try await silentRun(ledger) { return Terminal.say(silent) }
        // All that happened to one run or approval is told. Only a beginning that fits several is asked back.
        if ids.isEmpty || ids.contains(where: { !$0.isAbout(id) }) { ids = [try await ledger.only(id)] }
        let router = Router(configuration)
        var stories: [EventStory] = []
        for id in ids {
            guard let stored = try await ledger.event(id) else { continue }
            stories.append(
                EventStory(
                    event: stored.event, isReadable: stored.isReadable, routes: router.explain(stored.event),
                    history: try await ledger.history(id), since: try await since(of: stored.event, ledger)))
        }
        guard let first = stories.first else { throw ExitCode.noInput }
        guard json else { return Terminal.say(stories.map(\.text).joined(separator: "\n\n")) }
        Terminal.say(json: stories.count == 1 ? first.json : .array(stories.map(\.json)))
    }

    /// The line about a run that was over before the account was first watched and so made no event; nil if no such run is stored.
    private func silentRun(_ ledger: Ledger) async throws(LedgerError) -> String? {
        for account in Set(try await ledger.feeds(account: nil).map(\.account)).sorted() {
            guard let watch = try await ledger.watch(account: account, run: id) else { continue }
            let state =
                watch.settled
                ? "was over before the account was first watched; it is remembered, and nobody was told"
                : "is known, and has brought nothing to tell yet"
            return "run \(watch.run) of account \(account), automation \(watch.automation): it \(state)"
        }
        return nil
    }
}

extension String {
    /// Whether the event id is about a run, an approval or a notification with this id, or is this id.
    fileprivate func isAbout(_ id: String) -> Bool { self == id || split(separator: "/").dropFirst(2).first.map(String.init) == id }
}

/// The earliest moment from which events of the event's account are told.
func since(of event: Event, _ ledger: Ledger) async throws(LedgerError) -> Timestamp? {
    guard let account = event.account else { return nil }
    return try await ledger.feeds(account: account).compactMap(\.since).min()
}

/// The output of `why` for one event.
struct EventStory {
    var event: Event
    /// False if the row of the event is damaged in the store.
    var isReadable: Bool
    var routes: [Router.RouteMatch]
    var history: History
    /// When the account was first watched, less its `first_look`; nil if that is not known.
    var since: Timestamp?

    var json: JSONValue {
        var members = members
        members["silent"] = silence.map(JSONValue.string)
        return .object(members)
    }

    private var members: [String: JSONValue] {
        [
            "event": [
                "id": .string(event.id), "account": .text(event.account), "kind": .string(event.kind.rawValue),
                "subject": .string(event.subject), "priority": .string(event.priority.word),
                "occurred_at": .string(event.occurredAt.description), "seen_at": .string(event.seenAt.description),
                "says": .string(event.oneLine),
            ],
            "routes": .array(routes.map { ["name": .string($0.name), "fits": .bool($0.fits), "because": .string($0.because)] }),
            "windows": .array(history.windows.map(windowJSON)),
            "deliveries": .array(history.deliveries.map(deliveryJSON)),
        ]
    }

    private func windowJSON(_ joined: History.Joined) -> JSONValue {
        let window = joined.window
        return [
            "kind": .string(window.shown.kind), "name": .string(window.shown.name), "destination": .string(window.destination),
            "closes_at": .string(window.closesAt.description), "closed_at": .text(window.closedAt?.description),
            "told_at_once": .bool(joined.toldAtOnce), "told_in": .text(joined.toldIn), "first": .text(joined.first),
            "because": .string(joined.because),
        ]
    }

    private func deliveryJSON(_ delivery: History.Delivery) -> JSONValue {
        [
            "id": .int(delivery.id), "destination": .string(delivery.destination), "recipient": .string(delivery.recipient),
            "route": .string(delivery.route.description), "state": .string(delivery.state.rawValue),
            "due_at": .string(delivery.dueAt.description),
            "held_for": .text(delivery.heldFor?.rawValue), "reason": .text(delivery.reason),
            "attempts": .array(
                delivery.attempts.map { attempt -> JSONValue in
                    [
                        "at": .string(attempt.at.description), "outcome": .string(attempt.outcome), "reason": .string(attempt.reason),
                        "detail": .string(attempt.detail), "took_ms": .int(attempt.took.milliseconds),
                    ]
                }),
        ]
    }

    var text: String {
        var lines = [
            Terminal.paint(event.id, .bold), "  \(event.kind.rawValue), \(event.priority.word): \(event.oneLine)",
            "  happened \(event.occurredAt), seen \(event.seenAt)",
        ]
        if !isReadable { lines.append("  damaged in the store: the routes below are those of an event without its text") }
        lines += ["", "Routes"]
        lines += routes.map { "  \($0.fits ? Terminal.paint("fits", .green) : Terminal.paint("not ", .dim))  \($0.name): \($0.because)" }
        if let silence { lines.append("  \(silence)") }
        if !history.windows.isEmpty {
            lines += ["", "Windows"]
            lines += history.windows.map { "  \($0.because)" }
        }
        lines += ["", "Deliveries"]
        if history.deliveries.isEmpty { lines.append("  none") }
        for delivery in history.deliveries {
            let to = delivery.recipient.isEmpty ? delivery.destination : "\(delivery.destination) <\(delivery.recipient)>"
            lines.append("  \(delivery.id) to \(to) by \(delivery.route): \(delivery.state.rawValue)" + owedUntil(delivery))
            lines += delivery.attempts.map { "    \($0.at) \($0.outcome) in \($0.took.milliseconds) ms \($0.detail)" }
        }
        return lines.joined(separator: "\n")
    }

    /// Why nobody was told; nil if somebody was or will be.
    private var silence: String? {
        guard history.deliveries.isEmpty, history.windows.isEmpty else { return nil }
        if let since, event.occurredAt < since { return "happened before the relay's first start: remembered, not told" }
        return routes.contains(where: \.fits) ? nil : "unrouted: kept, told to nobody"
    }

    private func owedUntil(_ delivery: History.Delivery) -> String {
        if delivery.state == .owed { return ", due \(delivery.dueAt)" + (delivery.heldFor.map { ", held for \($0.rawValue)" } ?? "") }
        return delivery.reason.map { " (\($0))" } ?? ""
    }
}

extension History.Joined {
    /// Why the event is in the window, and what happens to it there.
    fileprivate var because: String {
        let end = window.closedAt == nil ? ", until \(window.closesAt)" : toldIn.map { ", told in \($0)" } ?? ", closed without a word"
        switch window.kind {
        case .digest: return "joined digest \(window.name)" + (toldAtOnce ? ", counted there since it was told at once" : "") + end
        case .quiet: return "held for \(window.destination): quiet hours" + end
        case .mute: return "held for \(window.destination): \(window.name) is muted" + end
        case .catchUp: return "held for \(window.destination): from before, told late" + end
        case .ceiling:
            return "gathered for \(window.destination): more than its ceiling lets through" + end
        case .storm:
            if toldAtOnce { return "told to \(window.destination) for all that are like it until \(window.closesAt)" }
            return "collapsed for \(window.destination) into \(first ?? window.name)"
                + (window.closedAt != nil && toldIn == nil ? ", counted in its message" : end)
        }
    }
}
