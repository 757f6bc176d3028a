import RelayCore
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
    /// What of the detail could not be read, for people; nil if all was read.
    package var complaint: String?

    package init(run: Run) { self.run = run }

    /// Reads the detail entry by entry, each within the bounds of an item.
    ///
    /// - Throws: `JSONSyntaxError` if the bytes are not JSON; returns nil if they are not a run.
    init?(_ bytes: [UInt8], limit: Int = 1_000) throws(JSONSyntaxError) {
        let document = try WireDocument(bytes)
        let (found, cut) = try document.item(Run.self, besides: ["steps", "approvals", "notifications"])
        guard let run = found else { return nil }
        self.run = run
        let steps: WireList<Step> = try WireList(bytes, document["steps"], limit: limit)
        let approvals: WireList<Approval> = try WireList(bytes, document["approvals"], limit: limit)
        let notifications: WireList<Notification> = try WireList(bytes, document["notifications"], limit: limit)
        self.steps = steps.items
        self.approvals = approvals.items.map { $0.filled(from: run) }
        self.notifications = notifications.items
        skipped = steps.skipped + approvals.skipped + notifications.skipped
        complaint = WireComplaint.joined([
            WireComplaint.cut(cut, of: run.id), steps.complaint, approvals.complaint, notifications.complaint,
        ])
    }
}

package struct Step: WireItem, Equatable {
    package var id: String
    package var type: String?
    package var name: String?
    package var status: String?
    package var createdAt: MomentText?

    package init(id: String) { self.id = id }

    package init?(_ fields: WireFields) throws(JSONSyntaxError) {
        guard let id = try fields.id("id") else { return nil }
        self.id = id
        type = try fields.text("step_type")
        name = try fields.text("name")
        status = try fields.text("status")
        createdAt = try fields.moment("created_at")
    }
}

package struct Notification: WireItem, Equatable {
    package var id: String
    package var type: String?
    /// The priority as a word or a number; `PriorityWords` reads it.
    package var priority: String?
    package var message: String?
    package var payload: JSONValue? {
        get { packed?.value }
        set { packed = newValue.map { PackedJSON($0) } }
    }
    package private(set) var packed: PackedJSON?
    /// The shown members of which only the beginning is here, by name.
    package private(set) var cut: [String: CutPart] = [:]
    package var deliveredAt: MomentText?
    package var createdAt: MomentText?

    package init(id: String) { self.id = id }

    package init?(_ fields: WireFields) throws(JSONSyntaxError) {
        guard let id = try fields.id("id") else { return nil }
        self.id = id
        type = try fields.text("type")
        priority = try fields.text("priority")
        message = try fields.text("message")
        packed = try fields.json("payload_json").map { PackedJSON($0) }
        deliveredAt = try fields.moment("delivered_at")
        createdAt = try fields.moment("created_at")
    }

    package mutating func take(_ cut: [String: CutPart]) {
        self.cut = cut.filter { ["message", "payload_json"].contains($0.key) }
    }
}
