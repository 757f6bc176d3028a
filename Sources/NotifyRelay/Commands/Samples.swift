import Dedup
import RelayCore
import RelaySupport

/// A realistic event of each kind, for `send-test` and `preview --sample`. Its id shows that it is a sample.
enum Samples {
    /// What a sample says of itself.
    static let label = "Sample sent by hand: nothing happened, and nothing in it can be decided."

    static func event(_ kind: Event.Kind, priority: Priority?, now: Timestamp) -> Event {
        // Digests and the relay's own reports belong to no automation.
        let isOfNone = kind == .digest || kind == .relay
        let origin =
            isOfNone
            ? Origin()
            : Origin(
                staging: false, automation: "Nightly invoices", automationID: "64fb5f73-6415-4f56-8e9e-ca06539f09ac", risk: "medium",
                trigger: kind == .absence ? nil : "schedule", runID: kind == .absence ? nil : "497f6eca-6276-4993-bfeb-53cbbbba6f08",
                runStatus: kind == .absence ? nil : "completed")
        let natural: [Event.Kind: Priority] = [.approval: .high, .run: .high, .relay: .high, .reminder: .high, .absence: .high]
        return Event(
            id: "sample/\(kind.rawValue)/\(now)", account: isOfNone ? nil : "sample", kind: kind, subject: "sample/\(kind.rawValue)/\(now)",
            priority: priority ?? natural[kind] ?? .normal, occurredAt: now - .seconds(90), seenAt: now,
            payload: Payload(origin: origin, detail: detail(kind, now: now)))
    }

    private static func detail(_ kind: Event.Kind, now: Timestamp) -> Detail {
        let actions: JSONValue = [["type": "refund", "amount": "1,240.00 EUR", "customer": "Kim & Co", "reason": "duplicate charge"]]
        switch kind {
        case .notification:
            return .notification(
                NotificationDetail(type: "invoice.report", message: "212 invoices sent, 3 need a look", payload: ["sent": 212, "open": 3]))
        case .run:
            return .run(
                RunDetail(
                    outcome: .failed, summary: nil, error: "Timeout while reading the ledger after 3 attempts",
                    failedStep: "Read the ledger", milliseconds: 94_000))
        case .approval, .reminder:
            return .approval(
                ApprovalDetail(
                    id: "0b7e2a52-6d3e-4f5c-9d52-2b1f7a6c1a11", action: "Refund batch 17", actions: actions, createdAt: now - .seconds(90),
                    step: kind == .reminder ? 1 : nil, overdue: kind == .reminder ? false : nil))
        case .decision:
            return .approval(
                ApprovalDetail(
                    id: "0b7e2a52-6d3e-4f5c-9d52-2b1f7a6c1a11", version: 2, state: .rejected, action: "Refund batch 17", actions: actions,
                    createdAt: now - .seconds(900), actor: "6f927876-90f9-4dae-8888-4b498595faf4", decidedAt: now,
                    reason: "The amount is wrong"))
        case .digest:
            return .digest(digest(now: now))
        case .absence:
            return .absence(absence(now: now))
        case .relay:
            return .relay(
                RelayDetail(topic: "unreachable", about: "live", detail: "account live: approvals cannot be read: no answer within 30 s"))
        }
    }

    private static func absence(now: Timestamp) -> AbsenceDetail {
        AbsenceDetail(
            expected: .start, due: now - .seconds(90), countedFrom: now - .seconds(690), lastSeen: now - .seconds(86_700), inARow: 2)
    }

    private static func digest(now: Timestamp) -> DigestDetail {
        var digest = DigestDetail(
            name: "sample", from: now - .seconds(86_400), until: now, headline: "1 automation newly failing, 1 still failing, 1 recovered")
        var new = DigestDetail.Failure(
            automation: "Nightly invoices", count: 3, first: now - .seconds(30_000), last: now - .seconds(9_000), streak: 3,
            error: "Timeout while reading the ledger after 3 attempts", runID: "497f6eca-6276-4993-bfeb-53cbbbba6f08")
        new.runs = ["497f6eca-6276-4993-bfeb-53cbbbba6f08"]
        new.errors = [DigestDetail.Reason(text: "Timeout while reading the ledger after # attempts", count: 3)]
        var still = DigestDetail.Failure(
            automation: "Sync stock", count: 24, first: now - .seconds(86_000), last: now - .seconds(600), streak: 71,
            error: "409 Conflict: another sync is running")
        (still.before, still.since) = (24, now - .seconds(3 * 86_400))
        let recovered = DigestDetail.Failure(
            automation: "Weekly report", count: 0, first: now - .seconds(200_000), last: now - .seconds(190_000), streak: 2)
        (digest.new, digest.still, digest.recovered) = ([new], [still], [recovered])
        digest.days = (0..<14).map { day in
            let date = Timestamp(seconds: now.seconds - Int64(13 - day) * 86_400).description.prefix(10)
            return DigestDetail.Day(date: String(date), failed: [0, 0, 2, 0, 0, 1, 0, 0, 0, 4, 23, 24, 24, 27][day])
        }
        digest.succeeded = 412
        return digest
    }

    /// Builds the claim under which a delivery of the event would be sent.
    static func claim(_ event: Event, destination: String, recipient: String) -> Claim {
        Claim(
            delivery: 0, fence: 0, attempt: 1, event: event, destination: destination, recipient: recipient, route: .builtIn(.sample),
            priority: event.priority, firstFailedAt: nil, options: DeliveryOptions(), present: nil)
    }
}
