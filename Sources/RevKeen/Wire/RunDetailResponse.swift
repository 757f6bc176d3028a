package import RelayCore
package import RelaySupport

/// A run with its steps, approvals and notifications.
/// No other response contains notifications.
package struct RunDetailResponse: Sendable, Equatable {
    package var run: Run
    package var steps: [Step] = []
    /// The run's approvals.
    /// Fields that the detail omits are filled from the run.
    package var approvals: [Approval] = []
    package var notifications: [Notification] = []
    /// The number of entries of the three lists without a usable id.
    package var skipped = 0
    /// The response's `Date` header.
    package var date: Timestamp?

    package init(run: Run) { self.run = run }

    init?(json: JSONValue) {
        guard let run = Run(json: json) else { return nil }
        self.run = run
        steps = take("steps", of: json)
        approvals = take("approvals", of: json).map { (approval: Approval) in approval.filled(from: run) }
        notifications = take("notifications", of: json)
    }

    private mutating func take<Item: WireItem>(_ key: String, of json: JSONValue) -> [Item] {
        let entries = json[key]?.array ?? []
        let items = entries.compactMap(Item.init(json:))
        skipped += entries.count - items.count
        return items
    }
}

package struct Step: WireItem, Equatable {
    package var id: String
    package var type: String?
    package var name: String?
    package var status: String?
    package var createdAt: MomentText?

    package init(id: String) { self.id = id }

    package init?(json: JSONValue) {
        guard let id = json.id("id") else { return nil }
        self.id = id
        type = json.text("step_type")
        name = json.text("name")
        status = json.text("status")
        createdAt = json.moment("created_at")
    }
}

package struct Notification: WireItem, Equatable {
    package var id: String
    package var type: String?
    /// The priority as a word or a number; `PriorityWords` reads it.
    package var priority: String?
    package var message: String?
    package var payload: JSONValue?
    package var deliveredAt: MomentText?
    package var createdAt: MomentText?

    package init(id: String) { self.id = id }

    package init?(json: JSONValue) {
        guard let id = json.id("id") else { return nil }
        self.id = id
        type = json.text("type")
        priority = json.text("priority")
        message = json.text("message")
        payload = json.json("payload_json")
        deliveredAt = json.moment("delivered_at")
        createdAt = json.moment("created_at")
    }
}
