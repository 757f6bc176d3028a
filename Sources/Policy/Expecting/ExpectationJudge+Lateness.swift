import Dedup
import RelayCore

/// Tells what is late.
extension ExpectationJudge {
    /// Judges the expectations of one kind of one automation, by the moment from which they count.
    func judge(_ live: [Expectation], _ store: ExpectationReader, _ round: inout Round) throws {
        guard let first = live.first, let automation = automations[first.automation], let rule = rule(for: automation, first.expected)
        else { return }
        let open = live.filter { $0.state == .open }
        var late: [Expectation] = []
        for expectation in live where expectation.state == .waiting {
            if expectation.dueAt > now {
                note(expectation.dueAt, &round)
            } else if expectation.dueAt < max(since, rule.since) {
                forget(expectation, &round)
            } else if !isRead(automation.id, upTo: expectation.dueAt) {
                round.unread.insert(automation.id)
            } else if automationsReadAt ?? .distantPast < expectation.dueAt {
                round.needsAutomations = true
            } else {
                late.append(expectation)
            }
        }
        round.open += open.count + (late.isEmpty ? 0 : 1)
        guard !late.isEmpty else { return }
        guard first.expected == .start else {
            for expectation in late { tell(expectation, of: automation, try store.lastSeen(of: automation.id), &round) }
            return
        }
        // The last one of several that passed while nobody looked is told, and says how many there were.
        let inARow = (open.map(\.inARow).max() ?? 0) + late.count
        for expectation in open + late.dropLast() { end(expectation, as: .replaced, at: nil, .replaced, &round) }
        round.open -= open.count
        if var last = late.last {
            last.inARow = inARow
            tell(last, of: automation, try store.lastSeen(of: automation.id), &round)
        }
    }

    func isRead(_ automation: String, upTo moment: Timestamp) -> Bool {
        isWell && readUpTo[automation].map { $0 >= moment } ?? false
    }

    func tell(_ expectation: Expectation, of automation: ExpectedAutomation, _ lastSeen: Timestamp?, _ round: inout Round) {
        var open = expectation
        open.state = .open
        round.expectations.append(open)
        round.sightings.append(Sighting(event(of: open, detail(of: open, lastSeen: lastSeen), isClosed: false)))
    }

    func detail(of expectation: Expectation, lastSeen: Timestamp?) -> AbsenceDetail {
        AbsenceDetail(
            expected: expectation.expected, due: expectation.dueAt, countedFrom: expectation.countedFrom, lastSeen: lastSeen,
            inARow: expectation.inARow)
    }

    func event(of expectation: Expectation, _ detail: AbsenceDetail, isClosed: Bool) -> Event {
        let automation = automations[expectation.automation]
        let subject = expectation.absenceID
        let origin = Origin(
            staging: isStaging, automation: automation?.name ?? expectation.name, automationID: expectation.automation,
            risk: automation?.risk,
            runID: expectation.run.isEmpty ? nil : expectation.run)
        return Event(
            id: isClosed ? subject + EventID.absenceEnd : subject, account: account, kind: .absence, subject: subject,
            priority: isClosed ? .normal : .high,
            occurredAt: isClosed ? detail.happenedAt ?? now : expectation.dueAt, seenAt: now,
            payload: Payload(origin: origin, detail: .absence(detail)))
    }
}
