import RelaySupport
import Sandbox
import Testing

/// How often the generic webhook got each event.
extension Inbox {
    /// The values of `webhook-id` under which each event came, by the event's id.
    func identities() -> [String: Set<String>] {
        var keys: [String: Set<String>] = [:]
        for message in messages(kind: .webhook) {
            guard let id = message.json?["data"]?["id"]?.string else { continue }
            keys[id, default: []].insert(message.identity ?? "")
        }
        return keys
    }

    /// The number of messages beyond the first of each event. A repeat must have the same `webhook-id` as the first one.
    func repeats() -> Int {
        let keys = identities()
        #expect(keys.values.allSatisfy { $0.count == 1 }, "a repeat came under another webhook-id")
        return count(kind: .webhook) - keys.count
    }
}
