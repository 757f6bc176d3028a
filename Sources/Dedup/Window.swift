package import RelayCore

/// What a window gathers: for a digest, in hours of quiet (or while an automation is muted, or after an outage), in a storm.
package enum WindowKind: String, Sendable, CaseIterable { case digest, quiet, storm }

/// Events gathered until it closes, and then told as one.
package struct Window: Sendable, Equatable {
    package var id: Int64
    package var kind: WindowKind
    package var name: String
    package var destination: String
    package var opensAt: Timestamp
    package var closesAt: Timestamp
    /// Nil while it is open.
    package var closedAt: Timestamp?
}

/// Takes an event into a window, which is opened if there is none. A closed window takes no member: the event joins the next.
package struct WindowJoin: Sendable, Equatable {
    package var kind: WindowKind
    package var name: String
    /// Empty if the window belongs to no destination.
    package var destination: String
    package var opensAt: Timestamp
    package var closesAt: Timestamp
    package var toldAtOnce: Bool
    /// Whom the window's message tells. Where one of them is not told of the event by itself after all, because a storm gathers it, it is
    /// not told at once.
    package var audience: Set<String> = []
    /// Whichever window of the name is open will do: the times only say what a new one is like.
    package var joinsAnyOpen: Bool
    /// The windows are the slots of a schedule, and this is the slot in which the event happened, or the first after it that is open.
    package var slot: Slot?

    package struct Slot: Sendable, Equatable {
        package var schedule: Recurrence
        package var happened: Timestamp

        package init(of schedule: Recurrence, happened: Timestamp) {
            self.schedule = schedule
            self.happened = happened
        }
    }

    package init(
        kind: WindowKind, name: String, destination: String = "", opensAt: Timestamp, closesAt: Timestamp, toldAtOnce: Bool = false,
        joinsAnyOpen: Bool = false
    ) {
        self.kind = kind
        self.name = name
        self.destination = destination
        self.opensAt = opensAt
        self.closesAt = closesAt
        self.toldAtOnce = toldAtOnce
        self.joinsAnyOpen = joinsAnyOpen
    }

    /// Joins a digest.
    package init(digest name: String, _ slot: Slot, now: Timestamp, audience: Set<String>, toldAtOnce: Bool) {
        self.init(kind: .digest, name: name, opensAt: now, closesAt: now, toldAtOnce: toldAtOnce)
        self.slot = slot
        self.audience = audience
    }
}

/// What came of closing windows.
package struct Closing: Sendable {
    /// How many were open until now.
    package var count: Int
    /// Their message, as it was admitted; nil of what was closed without a word.
    package var told: Admission?
}

package struct WindowMember: Sendable, Equatable {
    package var event: Event
    package var toldAtOnce: Bool
}

/// What a window holds at the moment when it closes.
package struct WindowContents: Sendable, Equatable {
    package var count: Int
    /// When the first and the last of them occurred; nil of none.
    package var from: Timestamp?
    package var until: Timestamp?
    /// The earliest of them.
    package var first: [Event]
}
