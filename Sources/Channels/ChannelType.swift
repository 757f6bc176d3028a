package import RelayCore
package import Transport

/// A kind of destination: what it can do, how it writes, and how its part of the configuration is read.
package struct ChannelType: Sendable {
    /// The word behind `type:`.
    package let name: String
    package let abilities: Abilities
    /// Of title and body.
    package let dialect: Dialect
    /// Of the HTML part; nil where the channel sends none.
    package let htmlDialect: Dialect?
    package let titleLimit: Limit
    /// The documented rate: `burst` at once, then one more every `every`. Nil: the receiver documents none.
    package let pace: (burst: Int, every: Duration)?
    /// Automation, run, risk and time stand in fields of their own: the built-in templates of `chat.` leave them out.
    package let hasFields: Bool
    /// What other keys than the common ones make of it, for people.
    package let variants: [(name: String, abilities: Abilities)]
    /// How long one attempt can take at most.
    package let deadline: Duration
    /// Reads the type's own keys. Notes every fault in the section and returns nil if there was one, or if the keys describe
    /// something that this version does not speak. The caller reads the common keys before it and calls `finish()` after it.
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

/// What a type needs of the keys that every destination has.
package struct DestinationBasics: Sendable {
    package var name: String
    /// Of the configuration file: relative paths start there.
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

/// A destination that was read and found right, before anything is opened.
package struct ChannelPlan: Sendable {
    /// One delivery is owed to each; `[""]` unless the type delivers per recipient.
    package var recipients: [String]
    /// Where they depend on the keys; nil: the type's.
    package var abilities: Abilities?
    /// Likewise.
    package var pace: (burst: Int, every: Duration)?
    /// How a pressed button comes back; nil where none can.
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

/// What channels share.
package struct ChannelTools: Sendable {
    package var http: any HTTPTransport
    package var mail: any MailTransport
    package var clock: any WallClock
    /// Writes on the standard output; false if that took nothing.
    package var write: @Sendable (String) -> Bool
    /// Of this program, for `User-Agent`.
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
