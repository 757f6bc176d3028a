import Dedup
import Pages
import Policy
import RelayCore
import RelaySupport

/// One destination: its lane, how soon messages arrive, its attempts by hour, and what is dead.
struct DestinationPage: Sendable {
    let destination: DeskReader.OneDestination
    let parts: DeskParts
    /// The mark of the forms of an operator; nil for everybody else.
    var csrf: String?
    /// What came of an act; nil if the page was only opened.
    var outcome: String?

    var page: DeskPage {
        DeskPage(
            title: destination.name, said: outcome.map { DeskParts.said("\($0)") },
            content: "<h1>\(destination.name)</h1>\(lane)\(acts)<div class=\"grid\">\(attempts)\(dead)</div>", place: nil,
            isLive: true)
    }

    private var acts: Markup? {
        guard let csrf else { return nil }
        var buttons: [(String, String)] = [("sample", "Send a sample"), ("release", "Release what is held")]
        if destination.lane.map({ $0.state(at: parts.now) != .open }) ?? false { buttons.insert(("open", "Open the lane"), at: 0) }
        if destination.deadCount > 0 { buttons += [("retry", "Retry all that are dead")] }
        if destination.owed + destination.deadCount > 0 { buttons += [("drop", "Drop all that are owed or dead")] }
        let fields = buttons.map { "<button name=\"act\" value=\"\($0.0)\">\($0.1)</button>" as Markup }
        return """
            <section aria-label="Act"><form method="post"><input type="hidden" name="csrf" value="\(csrf)"><p class="buttons">\(fields)</p></form></section>
            """
    }

    private var lane: Markup {
        let state = destination.lane?.state(at: parts.now) ?? .open
        let delays = destination.attempts.filter { $0.attempt.outcome == "delivered" }.map { $0.seenAt.duration(to: $0.attempt.at) }
            .sorted()
        let facts: [(String, Markup?)] = [
            ("Type", destination.type.map { "\($0)" } ?? "no longer in the configuration"),
            ("Lane", DeskParts.tag(state.rawValue, state == .open ? .good : .bad) + (destination.lane?.reason.map { " \($0)" } ?? "")),
            ("Since", destination.lane.map { parts.ago($0.since) }), ("Until", destination.lane?.until.map { parts.ago($0) }),
            ("Owed", "\(destination.owed)\(destination.oldestOwed.map { ", since \(parts.ago($0))" as Markup })"),
            ("Half of the messages", Self.part(delays, 0.5).map { "within \($0.spoken)" }),
            ("95 of 100", Self.part(delays, 0.95).map { "within \($0.spoken)" }),
        ]
        let rows = facts.compactMap { name, value in value.map { "<dt>\(name)</dt><dd>\($0)</dd>" as Markup } }
        return
            "<section aria-label=\"State\"><dl>\(rows)</dl><p class=\"small\">Delays count from when an event was seen, over the last day.</p></section>"
    }

    /// The value below which a part of sorted values lies; nil if there are none.
    private static func part(_ sorted: [Duration], _ share: Double) -> Duration? {
        sorted.isEmpty ? nil : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }

    private var attempts: Markup {
        var hours: [Int64: [String: Int]] = [:]
        for (attempt, _) in destination.attempts { hours[attempt.at.seconds / 3_600, default: [:]][attempt.outcome, default: 0] += 1 }
        let rows = hours.keys.sorted(by: >).map { hour -> [Markup] in
            let counts = (hours[hour] ?? [:]).sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            return [parts.time(Timestamp(seconds: hour * 3_600)), "\(counts)"]
        }
        let table =
            rows.isEmpty
            ? "<p class=\"empty\">Nothing was sent in the last day.</p>" : DeskParts.table("Attempts by hour", ["hour", "attempts"], rows)
        return "<section aria-labelledby=\"attempts\"><h2 id=\"attempts\">Attempts by hour</h2>\(table)</section>"
    }

    private func actsOn(_ dead: Overview.Dead) -> Markup? {
        csrf.map { csrf in
            """
            <form method="post"><input type="hidden" name="csrf" value="\(csrf)"><input type="hidden" name="delivery" value="\(Int(dead.id))">\
            <p class="buttons"><button name="act" value="retry" aria-label="Retry delivery \(Int(dead.id))">Retry</button>\
            <button name="act" value="drop" aria-label="Drop delivery \(Int(dead.id))">Drop</button></p></form>
            """
        }
    }

    private var dead: Markup {
        let rows = destination.dead.map { dead -> Markup in
            "<p><a href=\"\(DeskPath.event(dead.event))\">\(dead.event)</a></p><p class=\"small\">delivery \(Int(dead.id)): \(dead.reason), \(parts.ago(dead.since))</p>\(actsOn(dead))"
        }
        return DeskParts.section(
            "Dead", count: destination.deadCount, id: "dead",
            empty: "No message is dead. Those that are can be sent again from here.", rows)
    }
}
