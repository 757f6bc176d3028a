/// What a closed window says, as it was when it closed: a digest fills all of it, a bundle `events` and what is about them.
package struct DigestDetail: Sendable, Equatable, Codable {
    package var name: String
    package var from: Timestamp
    package var until: Timestamp
    package var headline: String
    package var new: [Failure] = []
    package var still: [Failure] = []
    package var recovered: [Failure] = []
    package var events: [Item] = []
    /// Approvals that waited at its end, the longest first.
    package var waiting: [Waiting] = []
    /// Failed runs by day, oldest first; empty of a bundle.
    package var days: [Day] = []
    /// Counted, because they were already told at once.
    package var told = 0
    /// Runs that succeeded; counted only.
    package var succeeded = 0
    /// What was resolved before a bundle was told, in one line; nil of nothing.
    package var resolved: String?
    /// Left out, because there were too many.
    package var rest = 0
    package var catchUp = false
    /// By whose clocks its times are told; nil: by those of the destination.
    package var zone: String?

    package init(name: String, from: Timestamp, until: Timestamp, headline: String, events: [Item] = [], catchUp: Bool = false) {
        self.name = name
        self.from = from
        self.until = until
        self.headline = headline
        self.events = events
        self.catchUp = catchUp
    }

    package var isEmpty: Bool { new.isEmpty && still.isEmpty && recovered.isEmpty && events.isEmpty && waiting.isEmpty }

    /// One automation that failed, or does not any more.
    package struct Failure: Sendable, Equatable, Codable {
        package var automation: String
        package var automationID: String?
        package var account: String?
        /// Failed runs in the window.
        package var count: Int
        package var first: Timestamp
        package var last: Timestamp
        /// Failed runs in a row, also those before the window; of a recovered one, as many as there had been.
        package var streak: Int
        /// When that row began; nil where it is not known.
        package var since: Timestamp?
        /// Failed runs in the window before; nil if there was none.
        package var before: Int?
        /// The end of the last error's text.
        package var error: String?
        /// Kinds of errors, the most frequent first.
        package var errors: [Reason] = []
        /// How many kinds of errors there are besides.
        package var otherErrors = 0
        /// The last that failed.
        package var runID: String?
        /// Those that failed last, newest first, `runID` among them.
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

    /// Errors that say the same but for numbers, ids, times and addresses.
    package struct Reason: Sendable, Equatable, Codable {
        /// With those masked.
        package var text: String
        package var count: Int

        package init(text: String, count: Int) {
            self.text = text
            self.count = count
        }
    }

    /// An approval that waits.
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

    /// One local day.
    package struct Day: Sendable, Equatable, Codable {
        /// `2026-11-24`.
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
    /// What an earlier version did not write down is empty.
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
        days = try values.decodeIfPresent([Day].self, forKey: .days) ?? []
        told = try values.decodeIfPresent(Int.self, forKey: .told) ?? 0
        succeeded = try values.decodeIfPresent(Int.self, forKey: .succeeded) ?? 0
        resolved = try values.decodeIfPresent(String.self, forKey: .resolved)
        rest = try values.decodeIfPresent(Int.self, forKey: .rest) ?? 0
        zone = try values.decodeIfPresent(String.self, forKey: .zone)
    }
}
