package import RelayCore

/// The kind of events that a window collects.
/// The raw value is the column `event_window.kind`.
package enum WindowKind: String, Sendable, CaseIterable {
    /// Events that routes sent to a digest.
    case digest
    /// Events that a destination must not get during its quiet hours.
    case quiet
    /// Events of a muted automation.
    case mute
    /// Events from an outage.
    case catchUp = "catch_up"
    /// Events that are like one that was sent already, and are only counted.
    case storm
    /// Events above a destination's ceiling.
    case ceiling
}

/// Events that are collected until the window closes and then become one message.
package struct Window: Sendable, Equatable {
    package var id: Int64
    package var kind: WindowKind
    /// The digest's name, the mute's pattern, or a collapse's route and hash; empty for the other kinds.
    package var name: String
    /// Empty for a digest, whose window belongs to no destination.
    package var destination: String
    package var opensAt: Timestamp
    package var closesAt: Timestamp
    /// Nil while the window is open.
    package var closedAt: Timestamp?
    /// A person ended the window, so its message waits for no quiet hours.
    package var isReleased = false
}

/// Puts an event into a window, which is opened if there is none.
/// A closed window takes no member, so the event joins the next one.
package struct WindowJoin: Sendable, Equatable {
    package var kind: WindowKind
    package var name: String
    /// Empty for a digest.
    package var destination: String
    package var opensAt: Timestamp
    package var closesAt: Timestamp
    package var toldAtOnce: Bool
    /// The destinations that get the window's message.
    /// If one of them does not get the event singly because a gate holds it, the event counts as not told at once.
    package var audience: Set<String> = []
    /// Any open window of the same kind, name and destination is joined; the times are used only to open a new one.
    package var joinsAnyOpen: Bool
    /// Set if the windows are the slots of a schedule: the event joins the slot in which it happened, or the first open one after that.
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
        kind: WindowKind, name: String = "", destination: String = "", opensAt: Timestamp, closesAt: Timestamp, toldAtOnce: Bool = false,
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

    /// Joins a slot of a digest.
    package init(digest name: String, _ slot: Slot, now: Timestamp, audience: Set<String>, toldAtOnce: Bool) {
        self.init(kind: .digest, name: name, opensAt: now, closesAt: now, toldAtOnce: toldAtOnce)
        self.slot = slot
        self.audience = audience
    }
}

/// The result of closing windows.
package struct Closing: Sendable {
    /// The number of windows that were open until now.
    package var count: Int
    /// The message as it was admitted; nil if the windows were closed without one.
    package var told: Admission?
}

package struct WindowMember: Sendable, Equatable {
    package var event: Event
    package var toldAtOnce: Bool
}
