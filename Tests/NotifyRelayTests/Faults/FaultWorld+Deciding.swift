import Dedup
import Policy
import RelayCore
import Sandbox
import Testing

@testable import NotifyRelay

/// People who decide through the relay while its store fails, and what must have come of that.
extension FaultWorld {
    struct People {
        /// The answers that the relay said it has written down, the first one of each approval.
        var accepted: [String: Answer] = [:]
        /// The approvals that somebody decided at RevKeen itself.
        var elsewhere: Set<String> = []
        /// The approvals that somebody changed at RevKeen, or whose run is over, so that an answer to what they showed before may be lost.
        var changed: Set<String> = []
        /// The run of each approval.
        var runs: [String: String] = [:]
    }

    /// The relay's own deciding, without the look that it does beside, so that a seed plays the same each time.
    private func deciding() async -> DecisionService {
        let generation = await house.relay.generation, clients = await house.relay.clients, lanes = await house.relay.laneRegistry
        return DecisionService(
            ledger: house.ledger, clock: house.clock,
            current: { RunningGeneration(generation: generation, clients: clients, pollers: []) },
            wake: { lanes.wake($0) })
    }

    func decideElsewhere(_ approval: String) async {
        if await house.world.decide(approval, approved: below(2) == 0) { people.elsewhere.insert(approval) }
    }

    /// A person decides by a link, and tries once or twice more if it cannot be written down. The call to RevKeen is sometimes left to the
    /// carrier, as if the program had ended before it.
    func decide() async throws {
        guard !pending.isEmpty else { return }
        let index = below(pending.count), approval = pending[index]
        let request = DecisionRequest(
            account: "live", approval: approval, choice: below(2) == 0 ? .approve : .reject, reason: nil, shown: nil,
            speaker: Speaker(person: nil, fallbackName: "somebody at ops", way: "link", destination: "ops", address: nil))
        let deciding = await deciding()
        for _ in 0...below(3) {
            let outcome: DecisionOutcome
            do { outcome = try await deciding.write(request, cursor: nil) } catch { continue }
            guard case .recorded(let answer, _) = outcome.kind else { return }
            people.accepted[approval] = people.accepted[approval] ?? answer
            // Somebody else may decide it at RevKeen meanwhile.
            if below(4) > 0 { pending.remove(at: index) }
            if below(3) > 0 { await isTrue(await deciding.finish(outcome), of: answer) }
            return
        }
    }

    /// The person who is told that RevKeen took it is told the truth.
    private func isTrue(_ outcome: DecisionOutcome, of answer: Answer) async {
        guard outcome.kind == .takenUnrecorded || outcome.kind == .done, !people.elsewhere.contains(answer.approval) else { return }
        let decisions = await house.world.decisions.filter { $0.approval == answer.approval }
        if decisions.map(\.choice) != [answer.choice] { record("\(outcome.text) of \(answer.approval), and RevKeen has \(decisions)") }
    }

    /// Each answer that was written down reached RevKeen once or came too late, and the audit says which.
    func answerProblems() async throws -> [String] {
        var problems: [String] = []
        let ledger = house.ledger, decisions = await house.world.decisions
        let audit = Dictionary(grouping: try await ledger.audit(limit: 10_000), by: \.approval)
        for approval in approvals {
            let answer = try await ledger.lastAnswer(account: "live", approval: approval)
            let effects = decisions.filter { $0.approval == approval }.map(\.choice)
            let entries = (audit[approval] ?? []).map(\.state)
            let story = "approval \(approval): \(effects) at RevKeen, answer \(String(describing: answer?.state)), audit \(entries)"
            let isSound =
                switch answer?.state {
                case nil: effects.isEmpty && entries.isEmpty && people.accepted[approval] == nil
                case .taken: effects == [answer?.choice] && entries.last == .taken && areLost(entries.dropLast(), approval)
                case .lost: effects.isEmpty && areLost(entries.dropLast(), approval) && mayBeLost(approval)
                case .asked, .refused, .withdrawn: false
                }
            if !isSound { problems.append(story) }
            if let accepted = people.accepted[approval], let answer, accepted.round == answer.round, accepted.choice != answer.choice {
                problems.append("\(story): \(accepted.choice) was accepted")
            }
        }
        return problems
    }

    private func areLost(_ entries: ArraySlice<AuditEntry.State>, _ approval: String) -> Bool {
        entries.isEmpty || (entries.allSatisfy { $0 == .lost } && people.changed.contains(approval))
    }

    private func mayBeLost(_ approval: String) -> Bool { people.elsewhere.contains(approval) || people.changed.contains(approval) }

    // MARK: Reminders

    /// The moments of the ladder in the file.
    private static let moments: [Duration] = [.minutes(30), .hours(2), .hours(3), .hours(4)]

    /// No reminder came before its moment, for a request that was not sent, or after the end was told.
    func reminderProblems() -> [String] {
        ["ops", "desk", "boss"].flatMap { destination -> [String] in
            let said = house.channel(destination).delivered
            return said.indices.compactMap { index -> String? in
                let event = said[index].message.event
                guard event.kind == .reminder, let step = event.id.split(separator: "/").last.flatMap({ Int($0) }) else { return nil }
                let before = said[..<index].filter { $0.message.event.subject == event.subject }
                guard let told = before.first(where: { $0.message.event.kind == .approval })?.at else {
                    return "\(event.id) at \(destination): the request was not told"
                }
                if told + Self.moments[step - 1] > said[index].at { return "\(event.id) at \(destination): too early, told at \(told)" }
                // An approval that was told as over because its run was is asked again when it changes.
                let last = before.last { $0.message.event.kind != .reminder }?.message.event.kind
                return last == .decision ? "\(event.id) at \(destination), \(said[index].at): after the end" : nil
            }
        }
    }

    /// What has been open for long enough was reminded of as overdue and escalated.
    func remindedOfEverything() async throws -> [String] {
        try await house.ledger.openApprovals(account: "live").flatMap { row -> [String] in
            let subject = "live/approval/\(row.id)"
            let missing = ["ops", "desk"].filter { !house.channel($0).ids.contains("\(subject)/remind/4") }
            let isEscalated = house.channel("boss").delivered.contains {
                $0.message.event.subject == subject && $0.message.event.kind == .approval
            }
            return missing.map { "\(subject) at \($0): nobody was told that it is overdue" }
                + (isEscalated ? [] : ["\(subject) was not escalated"])
        }
    }
}
