package import RelayCore
package import RelaySupport
package import Transport

/// A kind of destination: its abilities, how it writes text, and how its part of the configuration is read.
package struct ChannelType: Sendable {
    /// The value of `type:` in the configuration.
    package let name: String
    package let abilities: Abilities
    /// The dialect of title and body.
    package let dialect: Dialect
    /// The dialect of the HTML part; nil if the channel sends none.
    package let htmlDialect: Dialect?
    package let titleLimit: Limit
    /// The documented rate: `burst` messages at once, then one more per `every`. Nil means that the receiver documents no rate.
    package let pace: (burst: Int, every: Duration)?
    /// True if automation, run, risk and time appear in separate fields. The built-in `chat.` templates then leave them out.
    package let hasFields: Bool
    /// Abilities that differ when certain type-specific keys are set, each with a name to show to people.
    package let variants: [(name: String, abilities: Abilities)]
    /// The longest time that one attempt can take.
    package let deadline: Duration
    /// Reads the type's own keys. It notes every problem in the section, and returns nil if there was one or if this version does not
    /// support what the keys describe. The caller reads the common keys first and calls `finish()` afterwards.
    package let read: @Sendable (ConfigSection, DestinationBasics) -> ChannelPlan?

    package init(
        name: String, abilities: Abilities, dialect: Dialect, htmlDialect: Dialect? = nil, titleLimit: Limit,
        pace: (burst: Int, every: Duration)? = nil, hasFields: Bool = false,
        variants: [(name: String, abilities: Abilities)] = [], deadline: Duration = .seconds(30),
        read: @escaping @Sendable (ConfigSection, DestinationBasics) -> ChannelPlan?
    ) {
        self.name = name
        self.abilities = abilities
        self.dialect = dialect
        self.htmlDialect = htmlDialect
        self.titleLimit = titleLimit
        self.pace = pace
        self.hasFields = hasFields
        self.variants = variants
        self.deadline = deadline
        self.read = read
    }
}

/// The values of the common destination keys that a type needs.
package struct DestinationBasics: Sendable {
    package var name: String
    /// The folder of the configuration file; relative paths start there.
    package var folder: String
    package var network: NetworkOptions
    package var allowPlain: Bool

    package init(name: String, folder: String, network: NetworkOptions = NetworkOptions(), allowPlain: Bool = false) {
        self.name = name
        self.folder = folder
        self.network = network
        self.allowPlain = allowPlain
    }
}

/// A destination whose configuration is read and valid; nothing is opened yet.
package struct ChannelPlan: Sendable {
    /// Each recipient gets a separate delivery; `[""]` unless the type delivers per recipient.
    package var recipients: [String]
    /// Set if the abilities depend on the keys; nil means the type's abilities.
    package var abilities: Abilities?
    /// Set if the rate depends on the keys; nil means the type's rate.
    package var pace: (burst: Int, every: Duration)?
    /// How a button press comes back; nil if this destination has no buttons that decide.
    package var callback: Callback?
    package var make: @Sendable (ChannelTools) -> any Channel

    package init(
        recipients: [String] = [""], abilities: Abilities? = nil, pace: (burst: Int, every: Duration)? = nil, callback: Callback? = nil,
        make: @escaping @Sendable (ChannelTools) -> any Channel
    ) {
        self.recipients = recipients
        self.abilities = abilities
        self.pace = pace
        self.callback = callback
        self.make = make
    }
}

/// What all channels share.
package struct ChannelTools: Sendable {
    package var http: any HTTPTransport
    package var mail: any MailTransport
    package var clock: any WallClock
    /// Writes to standard output; returns false if nothing could be written.
    package var write: @Sendable (String) -> Bool
    /// The version of this program, for the `User-Agent` header.
    package var version: String

    package init(
        http: any HTTPTransport, mail: any MailTransport, clock: any WallClock, write: @escaping @Sendable (String) -> Bool,
        version: String
    ) {
        self.http = http
        self.mail = mail
        self.clock = clock
        self.write = write
        self.version = version
    }

    var userAgent: (name: String, value: Secret) { ("User-Agent", Secret("notify-relay/\(version)")) }
}
