import Foundation
package import RelayCore
import RelaySupport

/// The fields that a template can use for an event: flat names, each a text, a flag or a list (docs/templates.md).
package struct Fields: Sendable {
    enum Value: Sendable, Equatable {
        /// The relay's own words.
        case text(String)
        /// Text from outside. It is quoted where it begins a line.
        case quoted(String)
        /// Text from outside that counts as shown where the message holds it whole.
        case fact(String, RequestFact)
        /// An address built from the patterns of `links:` or for the relay's own page.
        case link(String)
        case flag(Bool)
        case list([[String: Value]])

        static func text(_ value: String?) -> Value? { value.flatMap { $0.isEmpty ? nil : .text($0) } }

        static func quoted(_ value: String?) -> Value? { value.flatMap { $0.isEmpty ? nil : .quoted($0) } }

        /// A name or a word from outside, on one line.
        static func name(_ value: String?) -> Value? { quoted(value?.oneLine(most: mostLine)) }

        static func line(_ value: String) -> Value { .quoted(value.oneLine(most: mostLine)) }

        /// A name or a word from outside that counts as shown. One that is cut here never does.
        static func name(_ value: String?, as fact: RequestFact) -> Value? {
            guard let value, case .quoted(let line) = name(value) else { return nil }
            return line == value.oneLine(most: value.unicodeScalars.count) ? .fact(line, fact) : .quoted(line)
        }

        /// A sentence of the relay's own, on one line. It may name things from outside.
        static func sentence(_ value: String?) -> Value? { text(value?.oneLine(most: 4_000)) }

        private static let mostLine = 1_000

        static func link(_ url: String?) -> Value? { url.map { .link($0) } }
    }

    private(set) var values: [String: Value] = [:]

    package init(
        event: Event, now: Timestamp, zoneName: String = "UTC", links: LinkPatterns = LinkPatterns(), people: [String: String] = [:],
        decideLink: String? = nil, alike: Int? = nil, incomplete: String? = nil, sample: String? = nil,
        decideWaiting: (DigestDetail.Waiting) -> String? = { _ in nil }
    ) {
        let times = Times(now: now, zone: Zones.zone(zoneName), name: zoneName)
        addCommon(event, times, link: links.link(for: event))
        set("incomplete", .text(incomplete))
        set("sample", .text(sample))
        set("alike", alike.flatMap { $0 > 0 ? .text(String($0)) : nil })
        switch event.payload.detail {
        case .notification(let detail): add(detail)
        case .run(let detail): add(detail, times)
        case .approval(let detail): add(detail, times, people: people, decideLink: decideLink)
        case .digest(let detail):
            add(detail, times, links, decideWaiting)
            set("scheduled", .flag(event.id.hasPrefix("digest/")))
        case .relay(let detail): add(detail)
        case .absence(let detail): add(detail, times)
        }
    }

    init(values: [String: Value]) { self.values = values }

    mutating func set(_ name: String, _ value: Value?) { values[name] = value }

    private mutating func addCommon(_ event: Event, _ times: Times, link: String?) {
        let origin = event.payload.origin
        set("id", .text(event.id))
        set("kind", .text(event.kind.rawValue))
        set("priority", .text(event.priority.word))
        set("account", .name(event.account))
        set("staging", .flag(origin.staging))
        set("time", .text(times.written(event.occurredAt)))
        set("ago", .text(event.occurredAt.duration(to: times.now).spoken))
        // Which facts a message shows matters only where something is decided.
        let named: (String?, RequestFact) -> Value? = { event.payload.detail.isApproval ? .name($0, as: $1) : .name($0) }
        set("automation", named(origin.automation, .automation) ?? .name(origin.automationID))
        set("automation_id", .name(origin.automationID))
        set("risk", named(origin.risk, .risk))
        set("trigger", named(origin.trigger, .trigger))
        set("run_id", .name(origin.runID))
        set("run_status", named(origin.runStatus, .runStatus))
        set("link", .link(link))
    }

    private mutating func add(_ detail: NotificationDetail) {
        set("type", .name(detail.type))
        set("message", .quoted(detail.message))
        let headline = Headline(detail.message)
        set("headline", .quoted(headline.line as String?) ?? .name(detail.type) ?? .text("notification"))
        set("details", .quoted(headline.rest))
        set("payload", .quoted(detail.payload.map { ReadableJSON.lines($0).shown.map(\.text).joined(separator: "\n") }))
    }

    private mutating func add(_ detail: RunDetail, _ times: Times) {
        set("outcome", .text(detail.outcome.rawValue))
        set("failed", .flag(detail.outcome == .failed))
        set("summary", .quoted(detail.summary))
        set("error", .quoted(detail.error))
        set("failed_step", .name(detail.failedStep))
        set("duration", .text(detail.milliseconds.map { Duration.milliseconds($0).spoken }))
        set("streak", .text(detail.streak.map(String.init)))
        set("failing_since", .text(detail.failingSince.map(times.written)))
        set("recovered_after", .text((detail.recoveredAfter ?? detail.recovery?.failures).map(String.init)))
        set("recovered_at", .text(detail.recovery.map { times.written($0.at) }))
    }

    private mutating func add(_ detail: ApprovalDetail, _ times: Times, people: [String: String], decideLink: String?) {
        set("state", .text(detail.state.rawValue))
        set("open", .flag(detail.state == .open))
        set("action", detail.action.flatMap { $0.isEmpty ? nil : .fact($0, .action) } ?? .quoted("no summary"))
        set("actions", .list(Self.lines(of: detail.actions)))
        let end = detail.state == .open ? times.now : detail.decidedAt ?? times.now
        // A message does not count on: what waits for seconds when it is first told soon waits for longer.
        let least: Duration = detail.state == .open && detail.step == nil ? .seconds(60) : .zero
        let wait = detail.createdAt.map { $0.duration(to: end) }.flatMap { $0 < least ? nil : $0 }
        set("waiting", .text(wait?.spoken))
        set("actor", .name(detail.actor.map { people[$0] ?? $0 }))
        set("reason", .quoted(detail.reason))
        set("step", .text(detail.step.map(String.init)))
        set("overdue", .flag(detail.overdue ?? false))
        set("votes", .name(detail.votes))
        set("decide_link", .link(decideLink))
    }

    private mutating func add(_ detail: AbsenceDetail, _ times: Times) {
        set("state", .text(detail.state.rawValue))
        set("open", .flag(detail.state == .open))
        set("expected", .text(detail.expected.rawValue))
        set("missing", .text(detail.missing))
        set("happened", .text(detail.ending == .happened ? detail.happened : nil))
        set("due", .text(times.written(detail.due)))
        set("counted_from", .text(times.written(detail.countedFrom)))
        set("late", .text(detail.late?.spoken))
        set("last_seen", .text(detail.lastSeen.map(times.written)))
        set("in_a_row", .text(detail.inARow > 1 ? String(detail.inARow) : nil))
        set("ending", .text(detail.ending?.rawValue))
        set("forgotten", .flag(detail.ending == .forgotten))
        set("sentence", .text(detail.sentence(times)))
        set("step", .text(detail.step.map(String.init)))
        set("overdue", .flag(detail.overdue ?? false))
        set("waiting", .text(detail.state == .open && detail.step != nil ? detail.lateSince.duration(to: times.now).spoken : nil))
    }

    private mutating func add(_ detail: RelayDetail) {
        set("topic", .name(detail.topic))
        set("about", .name(detail.about))
        set("detail", .sentence(detail.detail))
        set("over", .flag(detail.over))
    }

    private static func lines(of actions: JSONValue?) -> [[String: Value]] {
        let shown = actions.map { ReadableJSON.lines($0).shown } ?? []
        return shown.enumerated().map { index, line in
            ["line": line.isWhole ? .name(line.text, as: .line(index)) ?? .line(line.text) : .line(line.text)]
        }
    }
}

extension Detail {
    fileprivate var isApproval: Bool { if case .approval = self { true } else { false } }
}

/// Writes times in a time zone, such as `2026-11-24 09:00 UTC`.
struct Times {
    let now: Timestamp
    let zone: TimeZone
    let name: String

    func written(_ moment: Timestamp) -> String { "\(short(moment)) \(name)" }

    /// The time without the zone's name: `2026-11-24 09:00`.
    func short(_ moment: Timestamp) -> String { local(moment, characters: 5) }

    /// The time with its seconds, such as `2026-11-24 09:00:07 UTC`.
    func exact(_ moment: Timestamp) -> String { "\(local(moment, characters: 8)) \(name)" }

    private func local(_ moment: Timestamp, characters: Int) -> String {
        let offset = name == "UTC" ? 0 : zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment.seconds)))
        let local = (moment + .seconds(offset)).description
        return "\(local.prefix(10)) \(local.dropFirst(11).prefix(characters))"
    }
}
