import Channels
import Dedup
import RelayCore
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// The words of every state of an absence and of a run's history, in every dialect.
struct WordsOfStatesTests {
    private static let due = Timestamp(seconds: 1_795_510_800)
    private static let later = due + .minutes(84)

    private static func absence(
        _ expected: AbsenceDetail.Expected, _ kind: Event.Kind = .absence, _ change: (inout AbsenceDetail) -> Void = { _ in }
    ) -> Event {
        var detail = AbsenceDetail(expected: expected, due: due, countedFrom: due - .minutes(10), lastSeen: due - .days(1))
        change(&detail)
        return event(kind, .absence(detail))
    }

    private static func run(_ outcome: RunDetail.Outcome, _ change: (inout RunDetail) -> Void) -> Event {
        var detail = RunDetail(
            outcome: outcome, summary: outcome == .succeeded ? "3 *payouts* made" : nil,
            error: outcome == .failed ? "timeout at <bank>" : nil, milliseconds: 64_000)
        change(&detail)
        return event(.run, .run(detail))
    }

    private static func event(_ kind: Event.Kind, _ detail: Detail) -> Event {
        Event(
            id: "live/\(kind.rawValue)/1", account: "live", kind: kind, subject: "live/\(kind.rawValue)/1", priority: .high,
            occurredAt: due, seenAt: due,
            payload: Payload(origin: Origin(automation: "Nightly_payout [EU]", automationID: "9d3c", runID: "77aa"), detail: detail))
    }

    private static func over(_ detail: inout AbsenceDetail, _ ending: AbsenceDetail.Ending) {
        (detail.state, detail.ending, detail.happenedAt) = (.closed, ending, ending == .happened ? later : nil)
    }

    private static let states: [(name: String, event: Event, recovery: RunDetail.Recovery?)] = [
        ("late start", absence(.start), nil), ("late end", absence(.finish), nil), ("late success", absence(.success), nil),
        ("third late start", absence(.start) { $0.inARow = 3 }, nil),
        ("started", absence(.start) { over(&$0, .happened) }, nil), ("ended", absence(.finish) { over(&$0, .happened) }, nil),
        ("succeeded", absence(.success) { over(&$0, .happened) }, nil), ("the next is late", absence(.start) { over(&$0, .replaced) }, nil),
        ("expected no more", absence(.success) { over(&$0, .forgotten) }, nil),
        ("reminder", absence(.start, .reminder) { ($0.step, $0.overdue) = (1, false) }, nil),
        ("overdue", absence(.finish, .reminder) { ($0.step, $0.overdue) = (2, true) }, nil),
        ("first failure", run(.failed) { $0.streak = 1 }, nil),
        ("fourth failure", run(.failed) { ($0.streak, $0.failingSince) = (4, due - .hours(3)) }, nil),
        ("failure that is over", run(.failed) { $0.streak = 1 }, RunDetail.Recovery(at: later, failures: 4)),
        ("success that ends failures", run(.succeeded) { ($0.recoveredAfter, $0.failingSince) = (4, due - .hours(3)) }, nil),
    ]

    @Test(arguments: InboxMessage.Kind.allCases)
    func `each state has its words`(kind: InboxMessage.Kind) async throws {
        let keys =
            kind == .mail
            ? "type: email, server: \"smtp://127.0.0.1:25\", from: \"relay@example.com\", to: [ops@example.com]"
            : kind.keys(base: House.service(kind))
        let file = House.file(destinations: "ops: {\(keys)}")
        let generation = try await House(file, channels: .real).generation(file)
        let target = try #require(generation.destinations.first).target
        let texts = Self.states.enumerated().map { number, state in
            var claim = Claim(
                delivery: Int64(number), fence: 1, attempt: 1, event: state.event, destination: "ops", route: "all",
                priority: state.event.priority)
            claim.recovery = state.recovery
            let message = generation.composer.message(claim, for: target, now: Self.later).message
            let html = message.html.map { "\n\($0)" } ?? ""
            return "=== \(state.name)\n\(message.title)\n\n\(message.body)\n\(html)"
        }
        expectGolden(texts.joined(separator: "\n"), "\(kind.rawValue).txt")
    }
}
