package import Dedup
package import RelaySupport

/// An entry of `routes`: which events it takes, where they go, and how.
package struct Route: Sendable {
    package var name: String
    package var when: Condition
    /// The destinations that get each event as a message of its own.
    package var to: [String]
    /// The names of the digests that collect the events.
    package var digests: [String] = []
    /// Replaces the destination's quiet hours; nil leaves them in force.
    package var quiet: QuietHours?
    package var collapse: Collapse?
    /// Later routes do not get an event that this route takes.
    package var stop: Bool
    package var atMostOnce: Bool
    package var mention: String?
    /// Where `mention:` stands in the file, for diagnostics.
    package var mentionPlace: Place?
    /// The names of the people who may decide; nil means everybody who reads the request.
    package var approvers: [String]?
    /// Two different people must approve.
    package var twoPerson = false
    /// Who rejects must say why.
    package var needsReason = false
    package var reminders: ReminderLadder?
    /// A destination that cannot edit the message of a failure gets the success that ends it as a message of its own.
    package var tellsRecovery = false

    package init(
        name: String, when: Condition = Condition(), to: [String] = [], stop: Bool = false, atMostOnce: Bool = false, mention: String? = nil
    ) {
        self.name = name
        self.when = when
        self.to = to
        self.stop = stop
        self.atMostOnce = atMostOnce
        self.mention = mention
    }

    /// The settings that a delivery copies from its route.
    package var options: DeliveryOptions { DeliveryOptions(atMostOnce: atMostOnce, mention: mention) }
}
