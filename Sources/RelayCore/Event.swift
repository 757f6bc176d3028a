package import RelaySupport

/// Something that happened once.
/// The ledger deduplicates events by `id`. State is in the payload, never in the id.
package struct Event: Sendable, Equatable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case notification, approval, decision, run, reminder, digest, relay, absence
    }

    package var id: String
    /// The name of the account that the event came from; nil for the relay's own events.
    package var account: String?
    package var kind: Kind
    /// What the event is about.
    /// All events about one approval share a subject (`<account>/approval/<uuid>`), so that they become one message.
    package var subject: String
    package var priority: Priority
    package var occurredAt: Timestamp
    package var seenAt: Timestamp
    package var payload: Payload

    package init(
        id: String, account: String?, kind: Kind, subject: String, priority: Priority, occurredAt: Timestamp,
        seenAt: Timestamp, payload: Payload
    ) {
        self.id = id
        self.account = account
        self.kind = kind
        self.subject = subject
        self.priority = priority
        self.occurredAt = occurredAt
        self.seenAt = seenAt
        self.payload = payload
    }
}

/// The content of an event: its origin and its details.
/// It is stored as JSON. Its texts were repaired at admission.
package struct Payload: Sendable, Equatable {
    package var origin: Origin
    package var detail: Detail

    package init(origin: Origin = Origin(), detail: Detail) {
        self.origin = origin
        self.detail = detail
    }
}

/// The automation and the run behind an event.
/// Nil means unknown or not applicable.
package struct Origin: Sendable, Equatable {
    /// The event came from a staging account, such as one with a sandbox key.
    /// Every message about it says so.
    package var staging: Bool
    package var automation: String?
    package var automationID: String?
    package var risk: String?
    package var trigger: String?
    package var runID: String?
    package var runStatus: String?

    package init(
        staging: Bool = false, automation: String? = nil, automationID: String? = nil, risk: String? = nil,
        trigger: String? = nil, runID: String? = nil, runStatus: String? = nil
    ) {
        self.staging = staging
        self.automation = automation
        self.automationID = automationID
        self.risk = risk
        self.trigger = trigger
        self.runID = runID
        self.runStatus = runStatus
    }
}

/// The details of each kind of event.
package enum Detail: Sendable, Equatable {
    case notification(NotificationDetail)
    case run(RunDetail)
    /// Approvals, decisions and reminders share these details.
    case approval(ApprovalDetail)
    case digest(DigestDetail)
    case relay(RelayDetail)
    case absence(AbsenceDetail)
}

package struct NotificationDetail: Sendable, Equatable {
    package var type: String?
    package var message: String
    package var payload: JSONValue? {
        get { packed?.value }
        set { packed = newValue.map { PackedJSON($0) } }
    }
    package var packed: PackedJSON?
    /// The bytes of the fields of which only the beginning is here, because they exceed a bound; nil if nothing is cut.
    package var cutBytes: Int?

    package init(type: String? = nil, message: String, payload: JSONValue? = nil) {
        self.type = type
        self.message = message
        packed = payload.map { PackedJSON($0) }
    }
}

package struct RunDetail: Sendable, Equatable {
    package enum Outcome: String, Sendable, CaseIterable { case succeeded, failed, cancelled }

    package var outcome: Outcome
    package var summary: String?
    package var error: String?
    package var failedStep: String?
    /// The time from start to completion in milliseconds; nil if either time is unreadable.
    package var milliseconds: Int64?
    /// The number of failures in a row up to this one, as far as this relay has seen the automation's runs; nil if the run did not fail.
    package var streak: Int?
    /// When the first failure of the row ended; nil if the run is that first failure itself, or if nothing failed before it.
    package var failingSince: Timestamp?
    /// The number of failures in a row before this success; nil if there were none, or if the run did not succeed.
    package var recoveredAfter: Int?
    /// The success that ended the row of failures to which this failed run belongs; nil while there is none.
    /// It comes after the run, so it is read when a message is made, and never stored with the event.
    package var recovery: Recovery?

    package struct Recovery: Sendable, Equatable {
        /// When the run that succeeded ended.
        package var at: Timestamp
        /// The number of failures in a row before it.
        package var failures: Int

        package init(at: Timestamp, failures: Int) {
            self.at = at
            self.failures = failures
        }
    }

    package init(
        outcome: Outcome, summary: String? = nil, error: String? = nil, failedStep: String? = nil, milliseconds: Int64? = nil
    ) {
        self.outcome = outcome
        self.summary = summary
        self.error = error
        self.failedStep = failedStep
        self.milliseconds = milliseconds
    }
}

package struct ApprovalDetail: Sendable, Equatable {
    /// The state of an approval.
    /// *closed* means that it ended with an outcome that cannot be read.
    package enum State: String, Sendable, CaseIterable { case open, approved, rejected, closed }

    package var id: String
    package var version: Int
    package var state: State
    /// RevKeen's `action_summary`.
    package var action: String?
    package var actions: JSONValue? {
        get { packed?.value }
        set { packed = newValue.map { PackedJSON($0) } }
    }
    package var packed: PackedJSON?
    /// The bytes of the fields of which only the beginning is here, because they exceed a bound; nil if nothing is cut.
    /// Such a request shows less than what is decided.
    package var cutBytes: Int?
    package var createdAt: Timestamp?
    /// RevKeen's user id, unchanged.
    package var actor: String?
    package var decidedAt: Timestamp?
    package var reason: String?
    /// The step of the reminder ladder, from 1; only for reminders.
    package var step: Int?
    package var overdue: Bool?
    /// Who has approved so far if several people must approve: `1 of 2 (ann)`.
    /// Nil before the first approval.
    package var votes: String?

    package init(
        id: String, version: Int = 1, state: State = .open, action: String? = nil, actions: JSONValue? = nil,
        createdAt: Timestamp? = nil, actor: String? = nil, decidedAt: Timestamp? = nil, reason: String? = nil,
        step: Int? = nil, overdue: Bool? = nil
    ) {
        self.id = id
        self.version = version
        self.state = state
        self.action = action
        packed = actions.map { PackedJSON($0) }
        self.createdAt = createdAt
        self.actor = actor
        self.decidedAt = decidedAt
        self.reason = reason
        self.step = step
        self.overdue = overdue
    }
}

/// An event about the relay itself.
package struct RelayDetail: Sendable, Equatable {
    /// A word of a closed set: `unreachable`, `unauthorized`, `saturated`, `closed`, `down`, `clock`, `first_look`, …
    package var topic: String
    /// The name of the account, feed or destination.
    package var about: String
    package var detail: String
    /// The problem is over.
    package var over: Bool

    package init(topic: String, about: String, detail: String, over: Bool = false) {
        self.topic = topic
        self.about = about
        self.detail = detail
        self.over = over
    }
}
