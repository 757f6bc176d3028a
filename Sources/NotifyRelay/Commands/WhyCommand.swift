import ArgumentParser
import Dedup
import RelayCore

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Everything about one item: its routes, its windows, every attempt.",
        discussion: "ID is an event's id, a bare uuid, or the number of a delivery that `status` shows.")

    @OptionGroup var file: ConfigurationOption
    @Flag(help: "For programs.") var json = false
    @Argument(help: "What to explain.") var id: String

    func run() async throws {
        let configuration = try file.load()
        let ledger = try file.openLedger(configuration)
        defer { try? ledger.close() }
        let event = try await ledger.only(id)
        guard let stored = try await ledger.event(event) else { throw ExitCode.noInput }
        let router = Router(configuration)
        let story = Story(
            event: stored.event, routes: router.explain(stored.event), history: try await ledger.history(event))
        if json { Terminal.say(json: story.json) } else { Terminal.say(story.text) }
    }
}

/// What `why` tells of one event.
private struct Story {
    var event: Event
    var routes: [Router.Verdict]
    var history: History

    var json: JSONValue {
        [
            "event": [
                "id": .string(event.id), "account": .text(event.account), "kind": .string(event.kind.rawValue),
                "subject": .string(event.subject), "priority": .string(event.priority.word),
                "occurred_at": .string(event.occurredAt.description), "seen_at": .string(event.seenAt.description),
                "says": .string(event.oneLine),
            ],
            "routes": .array(routes.map { ["name": .string($0.name), "fits": .bool($0.fits), "because": .string($0.because)] }),
            "windows": .array(history.windows.map { windowJSON($0.window) }),
            "deliveries": .array(history.deliveries.map(deliveryJSON)),
        ]
    }

    private func windowJSON(_ window: Window) -> JSONValue {
        [
            "kind": .string(window.kind.rawValue), "name": .string(window.name), "destination": .string(window.destination),
            "closes_at": .string(window.closesAt.description), "closed_at": .text(window.closedAt?.description),
        ]
    }

    private func deliveryJSON(_ delivery: History.Delivery) -> JSONValue {
        [
            "id": .int(delivery.id), "destination": .string(delivery.destination), "recipient": .string(delivery.recipient),
            "route": .string(delivery.route), "state": .string(delivery.state.rawValue), "due_at": .string(delivery.dueAt.description),
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
            "  happened \(event.occurredAt), seen \(event.seenAt)", "", "Routes",
        ]
        lines += routes.map { "  \($0.fits ? Terminal.paint("fits", .green) : Terminal.paint("not ", .dim))  \($0.name): \($0.because)" }
        if !routes.contains(where: \.fits) && history.deliveries.isEmpty { lines.append("  unrouted: kept, told to nobody") }
        if !history.windows.isEmpty {
            lines += ["", "Windows"]
            lines += history.windows.map {
                "  \($0.window.kind.rawValue) \($0.window.name) \($0.window.destination), closes \($0.window.closesAt)"
            }
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

    private func owedUntil(_ delivery: History.Delivery) -> String {
        if delivery.state == .owed { return ", due \(delivery.dueAt)" + (delivery.heldFor.map { ", held for \($0.rawValue)" } ?? "") }
        return delivery.reason.map { " (\($0))" } ?? ""
    }
}
