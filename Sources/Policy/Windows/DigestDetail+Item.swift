import RelayCore
import RelaySupport

extension DigestDetail.Item {
    /// One line about one event.
    init(_ event: Event) {
        self.init(
            id: event.id, kind: event.kind, priority: event.priority, automation: event.payload.origin.automation,
            message: event.oneLine, occurredAt: event.occurredAt, runID: event.payload.origin.runID)
    }
}
