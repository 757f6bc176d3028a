import RelayCore
import RelaySupport

/// The three list operations.
extension StandInRevKeen {
    func listAutomations(_ request: WebRequest) -> WebResponse {
        list(request, automationOrder) { automations[$0].map { record in (record.status, { self.summary(record) }) } }
    }

    func listRuns(_ automation: String, _ request: WebRequest) -> WebResponse {
        guard let record = automations[automation] else { return .missing("No such automation") }
        return list(request, record.runs) { runs[$0].map { record in (record.status, { self.summary(record) }) } }
    }

    func listApprovals(_ request: WebRequest) -> WebResponse {
        list(request, approvalOrder) { approvals[$0].map { record in (record.status, { self.listed(record) }) } }
    }

    /// Responds with a list.
    ///
    /// - Parameters:
    ///   - ids: oldest first. The newest that fit are taken, and then sorted as the faults ask.
    ///   - item: the entry of an id. Only those that fit are written as JSON, because a list may be long.
    private func list(_ request: WebRequest, _ ids: [String], _ item: (String) -> (status: String, json: () -> JSONValue)?) -> WebResponse {
        let asked = request.parameter("limit")
        guard let limit = asked.map({ Int($0) }) ?? 25, (1...faults.cap).contains(limit) else {
            return .invalid("limit", "Must be a number from 1 to \(faults.cap)")
        }
        let status = request.parameter("status")
        var skip = faults.ignoreOffset ? 0 : max(0, request.parameter("offset").flatMap { Int($0) } ?? 0)
        var found: [JSONValue] = []
        for id in ids.reversed() where found.count < limit {
            guard let (word, json) = item(id), status == nil || said(word) == status else { continue }
            if skip > 0 { skip -= 1 } else { found.append(json()) }
        }
        return .json(200, ["object": "list", "data": .array(ordered(found))])
    }

    private func ordered(_ newestFirst: [JSONValue]) -> [JSONValue] {
        switch faults.order {
        case .newest: newestFirst
        case .oldest: newestFirst.reversed()
        case .shuffled: newestFirst.shuffled(using: &chance)
        }
    }

    /// A status word, as the faults replace it.
    func said(_ word: String) -> String { faults.words[word] ?? word }
}
