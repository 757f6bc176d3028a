import Dedup
import RelayCore

extension Event {
    /// An event of the kind about the automation `Nightly invoices`; a run has failed.
    static func sample(_ kind: Event.Kind, priority: Priority = .normal, now: Timestamp) -> Event {
        Event(
            id: "sample", account: "live", kind: kind, subject: "sample", priority: priority, occurredAt: now, seenAt: now,
            payload: Payload(
                origin: Origin(automation: "Nightly invoices", automationID: "64fb5f73-6415-4f56-8e9e-ca06539f09ac"),
                detail: detail(kind)))
    }

    private static func detail(_ kind: Event.Kind) -> Detail {
        switch kind {
        case .notification: .notification(NotificationDetail(type: "invoice.report", message: "212 invoices sent"))
        case .run: .run(RunDetail(outcome: .failed, error: "Timeout"))
        case .approval, .decision, .reminder: .approval(ApprovalDetail(id: "0b7e2a52", action: "Refund batch 17"))
        case .digest: .digest(DigestDetail(name: "morning", from: .distantPast, until: .distantFuture, headline: "Nothing failed"))
        case .absence: .absence(AbsenceDetail(expected: .start, due: Timestamp(seconds: 600), countedFrom: Timestamp(seconds: 0)))
        case .relay: .relay(RelayDetail(topic: "down", about: "ops", detail: "it is down"))
        }
    }
}

extension Claim {
    /// The first attempt of a delivery of the event.
    static func about(_ event: Event, at destination: String) -> Claim {
        Claim(
            delivery: 1, fence: 1, attempt: 1, event: event, destination: destination, recipient: "", route: .configured("all"),
            priority: event.priority, firstFailedAt: nil, options: DeliveryOptions(), present: nil)
    }
}
