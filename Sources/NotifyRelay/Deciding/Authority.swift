import Dedup
import RelayCore

/// Who may decide an approval where it was read.
struct Authority: Sendable, Equatable {
    /// Names of people; nil: whoever can.
    var approvers: [String]?
    /// So many different people must approve.
    var peopleNeeded = 1

    /// - Parameter person: a name of `people:`; nil of somebody who is not known.
    func allows(_ person: String?) -> Bool {
        guard let approvers else { return true }
        return person.map(approvers.contains) ?? false
    }
}

extension Router {
    /// By the routes that fit the request: the first that names the destination says who may, and if any of them wants two people, two are
    /// needed everywhere. Where none names it (it stands in for another, or was told later), the strictest word of the others holds.
    ///
    /// - Parameter destination: nil for whoever has the configuration in hand, whom no list of approvers binds.
    func authority(over row: ApprovalRow, at destination: String?) -> Authority {
        let fitting = applying(to: request(of: row))
        var authority = Authority()
        if fitting.contains(where: \.twoPerson) { authority.peopleNeeded = 2 }
        guard let destination else { return authority }
        // What nobody routes any more, nobody was given to decide: the file changed, or the facts did.
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

    /// The ladders of the routes that fit the request.
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
    /// As it was asked, whatever became of it: routes may fit on its state.
    fileprivate var asRequest: Event {
        var asked = self
        asked.detail?.state = .open
        return Event(
            id: EventID.approval(id, version: 1, account: account), account: account, kind: .approval,
            subject: EventID.approvalSubject(id, account: account), priority: priority, occurredAt: updatedAt, seenAt: updatedAt,
            payload: asked.payload)
    }
}
