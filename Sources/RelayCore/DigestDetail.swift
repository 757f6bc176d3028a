/// The content of a closed window, as it was when the window closed.
/// A digest fills all fields. A bundle fills `events` and the fields that describe them.
package struct DigestDetail: Sendable, Equatable, Codable {
    package var name: String
    package var from: Timestamp
    package var until: Timestamp
    package var headline: String
    package var new: [Failure] = []
    package var still: [Failure] = []
    package var recovered: [Failure] = []
    /// What was expected and had not happened when the window closed, the longest due first.
    package var late: [Late] = []
    package var events: [Item] = []
    /// Approvals that were pending when the window closed, the longest-waiting first.
    package var waiting: [Waiting] = []
    /// Failed runs by day, oldest first; empty for a bundle.
    package var days: [Day] = []
    /// The number of events that are only counted here, because they were already sent at once.
    package var told = 0
    /// The number of runs that succeeded.
    /// They are not listed.
    package var succeeded = 0
    /// One line about what was resolved before the bundle was sent; nil if nothing was.
    package var resolved: String?
    /// The number of entries left out because there were too many.
    package var rest = 0
    package var catchUp = false
    /// The time zone in which times are written; nil means the destination's time zone.
    package var zone: String?

    package init(name: String, from: Timestamp, until: Timestamp, headline: String, events: [Item] = [], catchUp: Bool = false) {
        self.name = name
        self.from = from
        self.until = until
        self.headline = headline
        self.events = events
        self.catchUp = catchUp
    }

    package var isEmpty: Bool { new.isEmpty && still.isEmpty && recovered.isEmpty && late.isEmpty && events.isEmpty && waiting.isEmpty }

    /// One automation that failed in the window, or that has recovered.
    package struct Failure: Sendable, Equatable, Codable {
        package var automation: String
        package var automationID: String?
        package var account: String?
        /// The number of failed runs in the window.
        package var count: Int
        package var first: Timestamp
        package var last: Timestamp
        /// The number of consecutive failed runs, including those before the window.
        /// If the automation has recovered, it is the length of the ended streak.
        package var streak: Int
        /// When the streak began; nil if unknown.
        package var since: Timestamp?
        /// The number of failed runs in the previous window; nil if there was no previous window.
        package var before: Int?
        /// The end of the last error's text; nil if there is no error text.
        package var error: String?
        /// The kinds of errors, most frequent first.
        package var errors: [Reason] = []
        /// A count of the errors that are not in `errors`.
        package var otherErrors = 0
        /// The id of the last failed run.
        package var runID: String?
        /// The ids of the most recent failed runs, newest first, including `runID`.
        package var runs: [String] = []

        package init(
            automation: String, count: Int, first: Timestamp, last: Timestamp, streak: Int, error: String? = nil, runID: String? = nil
        ) {
            self.automation = automation
            self.count = count
            self.first = first
            self.last = last
            self.streak = streak
            self.error = error
            self.runID = runID
        }
    }

    /// A group of errors whose texts differ only in numbers, ids, times and addresses.
    package struct Reason: Sendable, Equatable, Codable {
        /// The error's text with those parts masked.
        package var text: String
        package var count: Int

        package init(text: String, count: Int) {
            self.text = text
            self.count = count
        }
    }

    /// An absence that was still open.
    package struct Late: Sendable, Equatable, Codable {
        /// The id of its event.
        package var id: String
        package var automation: String
        package var account: String?
        package var expected: String
        package var due: Timestamp
        package var inARow: Int

        package init(id: String, automation: String, account: String?, expected: String, due: Timestamp, inARow: Int) {
            self.id = id
            self.automation = automation
            self.account = account
            self.expected = expected
            self.due = due
            self.inARow = inARow
        }

        /// Nil unless the event is the beginning of an absence.
        package init?(_ event: Event) {
            guard case .absence(let detail) = event.payload.detail, detail.state == .open else { return nil }
            let origin = event.payload.origin
            self.init(
                id: event.id, automation: origin.automation ?? origin.automationID ?? "no automation", account: event.account,
                expected: detail.expected.rawValue, due: detail.due, inARow: detail.inARow)
        }

        /// Such as `has not started`.
        package var missing: String { AbsenceDetail.Expected(rawValue: expected)?.missing ?? "is late" }
    }

    /// A pending approval.
    package struct Waiting: Sendable, Equatable, Codable {
        package var account: String
        package var id: String
        package var automation: String?
        package var action: String
        package var createdAt: Timestamp?

        package init(account: String, id: String, automation: String?, action: String, createdAt: Timestamp?) {
            self.account = account
            self.id = id
            self.automation = automation
            self.action = action
            self.createdAt = createdAt
        }
    }

    /// The number of failed runs on one local day.
    package struct Day: Sendable, Equatable, Codable {
        /// The date, such as `2026-11-24`.
        package var date: String
        package var failed: Int

        package init(date: String, failed: Int) {
            self.date = date
            self.failed = failed
        }
    }

    /// One line of a bundle, or of a digest's other events.
    package struct Item: Sendable, Equatable, Codable {
        package var id: String
        package var kind: Event.Kind
        package var priority: Priority
        package var automation: String?
        package var message: String
        package var occurredAt: Timestamp
        package var runID: String?

        package init(
            id: String, kind: Event.Kind, priority: Priority, automation: String?, message: String, occurredAt: Timestamp,
            runID: String?
        ) {
            self.id = id
            self.kind = kind
            self.priority = priority
            self.automation = automation
            self.message = message
            self.occurredAt = occurredAt
            self.runID = runID
        }
    }
}

extension DigestDetail {
    /// Decodes a stored digest.
    /// Fields that an earlier version did not write get their empty values.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try values.decode(String.self, forKey: .name), from: try values.decode(Timestamp.self, forKey: .from),
            until: try values.decode(Timestamp.self, forKey: .until), headline: try values.decode(String.self, forKey: .headline),
            events: try values.decodeIfPresent([Item].self, forKey: .events) ?? [],
            catchUp: try values.decodeIfPresent(Bool.self, forKey: .catchUp) ?? false)
        new = try values.decodeIfPresent([Failure].self, forKey: .new) ?? []
        still = try values.decodeIfPresent([Failure].self, forKey: .still) ?? []
        recovered = try values.decodeIfPresent([Failure].self, forKey: .recovered) ?? []
        waiting = try values.decodeIfPresent([Waiting].self, forKey: .waiting) ?? []
        late = try values.decodeIfPresent([Late].self, forKey: .late) ?? []
        days = try values.decodeIfPresent([Day].self, forKey: .days) ?? []
        told = try values.decodeIfPresent(Int.self, forKey: .told) ?? 0
        succeeded = try values.decodeIfPresent(Int.self, forKey: .succeeded) ?? 0
        resolved = try values.decodeIfPresent(String.self, forKey: .resolved)
        rest = try values.decodeIfPresent(Int.self, forKey: .rest) ?? 0
        zone = try values.decodeIfPresent(String.self, forKey: .zone)
    }
}
