import RelayCore
import RelaySupport
import Transport

extension HTTPResponse {
    /// The same response with other values of members, at any depth.
    ///
    /// - Parameter change: gets the name of a member and its value, and returns the new value.
    func rewriting(_ change: (String, JSONValue) -> JSONValue) -> HTTPResponse {
        guard let json = try? JSONValue(parsing: body) else { return self }
        var answer = self
        answer.body = json.rewriting(change).bytes
        return answer
    }

    /// The same response with these members replaced wherever they occur.
    func rewriting(_ members: [String: JSONValue]) -> HTTPResponse { rewriting { members[$0] ?? $1 } }

    /// A response that is a list, without the items that are not wanted.
    func keeping(_ isWanted: (JSONValue) -> Bool) -> HTTPResponse {
        rewriting { name, value in name == "data" ? value.array.map { .array($0.filter(isWanted)) } ?? value : value }
    }
}

extension JSONValue {
    fileprivate func rewriting(_ change: (String, JSONValue) -> JSONValue) -> JSONValue {
        switch self {
        case .object(let members):
            .object(Dictionary(uniqueKeysWithValues: members.map { ($0, change($0, $1.rewriting(change))) }))
        case .array(let items): .array(items.map { $0.rewriting(change) })
        default: self
        }
    }
}
