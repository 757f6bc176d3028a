import Channels
import Policy
import RelayCore

/// One destination as the lanes see it: how to speak to it, and how hard.
struct Destination: Sendable {
    var name: String
    var type: ChannelType
    /// Of this destination: the type's, or what its keys make of them.
    var abilities: Abilities
    var channel: any Channel
    /// One entry per delivery: addresses of a mail, or one empty text.
    var recipients: [String]
    /// How many attempts may be under way at once.
    var width: Int
    var pace: (burst: Int, every: Duration)?
    var giveUp: Duration
    var fallback: String?
    var zoneName: String?
    /// Changes when the entry in the file changes: then a closed lane opens.
    var fingerprint: String

    /// A route to it says `at_most_once`: what was claimed and not begun would be lost with the program, so nothing is claimed ahead.
    var claimsAhead = true

    /// How a button that is pressed there comes back; nil where none can.
    var callback: Callback?
    /// The hours in which a working clock goes on; nil: it has none.
    var working: WeeklyHours?
    /// When and how often it may be disturbed.
    var rules = DestinationRules()

    /// Longer than any attempt can take, the short wait of what is claimed ahead included: a lost task, not a slow one, lets a claim run
    /// out (design §5).
    var lease: Duration { type.deadline + Lane.freshness + .seconds(30) }

    var target: Composer.Target { Composer.Target(name: name, type: type, limit: abilities.limit, zoneName: zoneName, callback: callback) }
}
