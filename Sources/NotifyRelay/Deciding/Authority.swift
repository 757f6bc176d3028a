import Dedup
import RelayCore

/// Who may decide an approval at one destination, and how many must.
struct Authority: Sendable, Equatable {
    /// Names of people; nil means everybody who reads it there.
    var approvers: [String]?
    /// How many different people must approve.
    var peopleNeeded = 1

    /// Why somebody may not decide; nil if they may.
    func refusal(of speaker: Speaker) -> String? {
        if !allows(speaker.person) {
            let names = (approvers ?? []).joined(separator: ", ")
            if names.isEmpty { return "no route says any more who decides this; notify-relay approvals does" }
            let who = speaker.person == nil ? "who you are is not known here" : "you are known as \(speaker.name)"
            return "this is for \(names) to decide, and \(who)"
        }
        if peopleNeeded > 1, speaker.person == nil {
            return "two different people must approve this, and who you are is not known here"
        }
        return nil
    }

    /// - Parameter person: a name of `people:`; nil for somebody who is not known.
    private func allows(_ person: String?) -> Bool {
        guard let approvers else { return true }
        return person.map(approvers.contains) ?? false
    }
}

extension Router {
    /// Who may decide, by the routes that fit the request. The first route that names the destination says who may. If any of them requires
    /// two people, two are required everywhere. If no route names the destination (it is a fallback, or was added later), the shortest list
    /// of approvers of the others holds.
    ///
    /// - Parameter destination: nil for the command line, which no list of approvers binds.
    func authority(over row: ApprovalRow, at destination: String?) -> Authority {
        let fitting = applying(to: request(of: row))
        var authority = Authority()
        if fitting.contains(where: \.twoPerson) { authority.peopleNeeded = 2 }
        guard let destination else { return authority }
        // No route fits any more, because the file or the facts changed: then nobody here was given this to decide.
        guard !fitting.isEmpty else {
            authority.approvers = []
            return authority
        }
        if let route = fitting.first(where: { $0.to.contains(destination) }) {
            authority.approvers = route.approvers
        } else {
            let lists = fitting.compactMap(\.approvers)
            authority.approvers = lists.min { $0.count < $1.count }
        }
        return authority
    }

    /// The reminder ladders of the routes that fit the request.
    func reminders(of row: ApprovalRow) -> [(route: Route, ladder: ReminderLadder)] {
        applying(to: request(of: row)).compactMap { route in route.reminders.map { (route, $0) } }
    }

    private func request(of row: ApprovalRow) -> Event {
        var event = row.asRequest
        event.priority = priority(of: event)
        return event
    }
}

extension ApprovalRow {
    /// The request as it was when it was open, because routes may fit on the state.
    fileprivate var asRequest: Event {
        var asked = self
        asked.detail?.state = .open
        return Event(
            id: EventID.approval(id, version: 1, account: account), account: account, kind: .approval,
            subject: EventID.approvalSubject(id, account: account), priority: priority, occurredAt: updatedAt, seenAt: updatedAt,
            payload: asked.payload)
    }
}
