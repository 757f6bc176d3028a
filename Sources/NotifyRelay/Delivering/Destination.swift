import Channels
import Policy
import RelayCore

/// One destination as the lanes see it: its channel, its limits and its pace.
struct Destination: Sendable {
    var name: String
    var type: ChannelType
    /// The abilities of the type, as far as the keys of this destination do not change them.
    var abilities: Abilities
    var channel: any Channel
    /// The recipients, each of which gets a delivery of its own: the addresses of a mail, or one empty text.
    var recipients: [String]
    /// The most attempts that may be under way at once.
    var width: Int
    var pace: (burst: Int, every: Duration)?
    var giveUp: Duration
    var fallback: String?
    var zoneName: String?
    /// Changes when the entry in the configuration changes; a lane that is not open then opens.
    var fingerprint: String

    /// False if a route to it says `at_most_once`. A crash would make such claims *unknown* although they were not begun, so none is made
    /// ahead.
    var claimsAhead = true

    /// The next message is prepared while the last one is answered and recorded. Only mail does so: its text is held back until then.
    var preparesAhead: Bool { claimsAhead && type.name == "email" }

    /// A hash of the keys that say where messages go: the room, but for a mail not its recipients. Links and buttons name it.
    var room = ""
    /// How the destination sends us the press of a button; nil if it cannot.
    var callback: Callback?
    /// The working hours of the destination, which reminders may count by; nil if none are configured.
    var working: WeeklyHours?
    /// When and how often it may be disturbed.
    var rules = DestinationRules()

    /// How long a claim lasts. It is longer than any attempt can take, including the short wait of a claim that was made ahead, so a claim
    /// runs out only if its task is lost, not if it is slow. A mail that is prepared ahead may wait for the whole dialogue of another.
    var lease: Duration { type.deadline * (preparesAhead ? 2 : 1) + Lane.freshness + .seconds(30) }

    var target: Composer.Target {
        Composer.Target(name: name, type: type, limit: abilities.limit, zoneName: zoneName, callback: callback, room: room)
    }
}

extension Destination {
    /// How it is reached, for the series of its metrics.
    var carrier: DeliveryOutcome.Carrier {
        switch type.name {
        case Console.type.name, FileDrop.type.name: .local
        case Email.type.name: .mail
        default: .http
        }
    }
}
