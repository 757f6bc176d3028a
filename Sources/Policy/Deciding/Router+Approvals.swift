package import Dedup
import RelayCore

extension Router {
    /// Who may decide, from where a speaker is. Somebody who is signed in may decide what any route that fits gives them to decide, since they
    /// are known wherever they read.
    package func authority(over row: ApprovalRow, for speaker: Speaker) -> Authority {
        var authority = authority(over: row, at: speaker.destination)
        guard speaker.isSignedIn else { return authority }
        let fitting = applying(to: request(of: row)), lists = fitting.compactMap(\.approvers)
        authority.approvers = fitting.isEmpty ? [] : lists.isEmpty ? nil : Array(Set(lists.joined())).sorted()
        return authority
    }

    /// Who may decide, by the routes that fit the request. The first route that names the destination says who may. If any of them requires
    /// two people, two are required everywhere. If no route names the destination (it is a fallback, or was added later), the shortest list
    /// of approvers of the others holds.
    ///
    /// - Parameter destination: nil for the command line, which no list of approvers binds.
    package func authority(over row: ApprovalRow, at destination: String?) -> Authority {
        let fitting = applying(to: request(of: row))
        var authority = Authority()
        if fitting.contains(where: \.twoPerson) { authority.peopleNeeded = 2 }
        authority.needsReason = fitting.contains(where: \.needsReason)
        let lists = fitting.compactMap(\.approvers)
        authority.voters = lists.count == fitting.count && !fitting.isEmpty ? Set(lists.joined()).sorted() : nil
        guard let destination else { return authority }
        // No route fits any more, because the file or the facts changed: then nobody here was given this to decide.
        guard !fitting.isEmpty else {
            authority.approvers = []
            return authority
        }
        if let route = fitting.first(where: { $0.to.contains(destination) }) {
            authority.approvers = route.approvers
        } else {
            authority.approvers = lists.min { $0.count < $1.count }
        }
        return authority
    }

    /// The numbers of the routes whose list of approvers names a person.
    package func routes(approvedBy person: String) -> [Int] {
        routes.indices.filter { routes[$0].approvers?.contains(person) == true }
    }

    /// The reminder ladders of the routes that fit the request or the absence.
    package func reminders(of subject: ToldRequest.Subject) -> [(route: Route, ladder: ReminderLadder)] {
        let event =
            switch subject {
            case .approval(let row): request(of: row)
            case .absence(let event): event
            }
        return applying(to: event).compactMap { route in route.reminders.map { (route, $0) } }
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
