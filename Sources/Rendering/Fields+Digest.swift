import Foundation
import RelayCore
import RelaySupport

/// The fields that a template can use for a digest or a bundle.
extension Fields {
    mutating func add(
        _ detail: DigestDetail, _ reader: Times, _ links: LinkPatterns, _ decideWaiting: (DigestDetail.Waiting) -> String?
    ) {
        let times =
            detail.zone.flatMap { name in TimeZone(identifier: name).map { Times(now: reader.now, zone: $0, name: name) } } ?? reader
        set("name", .text(detail.name))
        set("from", .text(times.written(detail.from)))
        set("until", .text(times.written(detail.until)))
        set("headline", .sentence(detail.headline))
        for (name, failures) in [("new", detail.new), ("still", detail.still), ("recovered", detail.recovered)] {
            set(name, .list(failures.map { Self.item($0, times, links) }))
        }
        set("absences", .list(detail.late.map { Self.item($0, times) }))
        set("events", .list(detail.events.map { Self.item($0, times, links) }))
        set("pending", .list(detail.waiting.map { Self.item($0, reader.now, until: detail.until, links, decide: decideWaiting($0)) }))
        addDays(detail.days)
        set("resolved", .sentence(detail.resolved))
        set("succeeded", Self.count(detail.succeeded))
        set("told", Self.count(detail.told))
        set("rest", Self.count(detail.rest))
        set("empty", .flag(detail.isEmpty))
        set("catch_up", .flag(detail.catchUp))
    }

    /// Nil for zero, so that a template section for this field is left out.
    private static func count(_ number: Int) -> Value? { number > 0 ? .text(String(number)) : nil }

    private static let tallest = 44, levels = Array("▁▂▃▄▅▆▇█")

    /// Adds the failures per day, as bar heights in pixels and as one line of text.
    private mutating func addDays(_ days: [DigestDetail.Day]) {
        let most = days.map(\.failed).max() ?? 0
        guard most > 0 else { return }
        var line = ""
        let items = days.map { day -> [String: Value] in
            let height = day.failed == 0 ? 1 : max(3, day.failed * Self.tallest / most)
            line.append(day.failed == 0 ? "·" : Self.levels[max(0, (day.failed * Self.levels.count + most - 1) / most - 1)])
            var item: [String: Value] = [
                "date": .text(day.date), "day": .text(String(day.date.suffix(2))), "height": .text(String(height)),
            ]
            item["failed"] = Self.count(day.failed)
            return item
        }
        set("days", .list(items))
        set("bars", .text(line))
        set("most", .text(String(most)))
    }

    private static func item(_ late: DigestDetail.Late, _ times: Times) -> [String: Value] {
        var item: [String: Value] = [
            "automation": .line(late.automation), "missing": .text(late.missing), "due": .text(times.short(late.due)),
        ]
        item["account"] = .name(late.account)
        item["in_a_row"] = late.inARow > 1 ? .text(String(late.inARow)) : nil
        return item
    }

    private static func item(_ failure: DigestDetail.Failure, _ times: Times, _ links: LinkPatterns) -> [String: Value] {
        var item: [String: Value] = [
            "automation": .line(failure.automation), "count": .text(String(failure.count)), "first": .text(times.short(failure.first)),
            "last": .text(times.short(failure.last)), "streak": .text(String(failure.streak)), "when": .text(when(failure, times)),
        ]
        item["account"] = .name(failure.account)
        item["since"] = .text(failure.since.map(times.short))
        item["before"] = .text(failure.before.map(String.init))
        item["error"] = .quoted(failure.error)
        // With a single kind of error, the list would only repeat `error` and `count`.
        let kinds = failure.errors.count > 1 || failure.otherErrors > 0 ? failure.errors : []
        item["errors"] = .list(kinds.map { ["text": .line($0.text), "times": .text(String($0.count))] })
        item["other_errors"] = count(failure.otherErrors)
        item["link"] = .link(links.link(runID: failure.runID, automationID: failure.automationID))
        item["runs"] = .list(
            failure.runs.enumerated().map { index, run in
                var item: [String: Value] = ["run_id": .line(run), "number": .text(String(index + 1))]
                item["link"] = .link(links.link(runID: run, automationID: nil))
                return item
            })
        return item
    }

    private static func when(_ failure: DigestDetail.Failure, _ times: Times) -> String {
        let first = times.short(failure.first), last = times.short(failure.last)
        if first == last { return first }
        return first.prefix(10) == last.prefix(10) ? "\(first) to \(last.suffix(5))" : "\(first) to \(last)"
    }

    private static func item(_ event: DigestDetail.Item, _ times: Times, _ links: LinkPatterns) -> [String: Value] {
        var item: [String: Value] = [
            "id": .text(event.id), "kind": .text(event.kind.rawValue), "priority": .text(event.priority.word),
            "message": .line(event.message),
            "time": .text(times.written(event.occurredAt)),
        ]
        item["automation"] = .name(event.automation)
        item["link"] = .link(links.link(runID: event.runID, automationID: nil))
        return item
    }

    /// The waiting time is counted up to the end of the window, so that every attempt gives the same value.
    private static func item(
        _ waiting: DigestDetail.Waiting, _ now: Timestamp, until end: Timestamp, _ links: LinkPatterns, decide: String?
    ) -> [String: Value] {
        var item: [String: Value] = ["action": .line(waiting.action), "account": .text(waiting.account)]
        item["automation"] = .name(waiting.automation)
        item["waiting"] = .text(waiting.createdAt.map { max(.zero, $0.duration(to: end)).spoken })
        item["link"] = .link(links.link(approvalID: waiting.id, runID: nil, automationID: nil))
        item["decide_link"] = .link(decide)
        return item
    }
}
