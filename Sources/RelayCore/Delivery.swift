/// Why one attempt failed, and what to do about it.
package struct DeliveryError: Error, Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        /// Try this delivery again; `after` is the provider's own wish, if it gave one.
        case retry(after: Duration?)
        /// The provider refuses everyone for a while: pause the destination.
        case throttled(after: Duration?)
        /// The same message will fail the same way for ever.
        case refused
        /// The destination is no more, until a person acts.
        case gone
        /// It refuses us (401, 403, 404): tried again, and *gone* if that lasts (design: 30 min).
        case suspect
        /// Bytes left and no answer came: it may have been delivered.
        case uncertain
        /// The message that was to be changed is no more: somebody deleted it, or it is too old to be changed.
        case vanished
    }

    /// A closed set, safe as a metric label.
    package enum Reason: String, Sendable, CaseIterable {
        case timeout, unreachable, tls, rateLimited, serverError, rejected, unauthorized, notFound, redirected, protocolError, badAnswer,
            tooLarge, forbiddenAddress, local
    }

    package var verdict: Verdict
    package var reason: Reason
    /// For people. Never holds a URL, a header or the message itself.
    package var detail: String
    /// The HTTP status or SMTP reply code, if one came.
    package var status: Int?

    package init(_ verdict: Verdict, _ reason: Reason, _ detail: String, status: Int? = nil) {
        self.verdict = verdict
        self.reason = reason
        self.detail = detail
        self.status = status
    }
}

/// What the destination gave us to find the message again: message ids, timestamps, queue ids. Empty where it gives nothing.
package struct Receipt: Sendable, Equatable, Codable {
    package var remote: [String: String]
    /// The destination says that nothing more is welcome for so long, although it took this. Not stored.
    package var pause: Duration?

    package init(_ remote: [String: String] = [:], pause: Duration? = nil) {
        self.remote = remote
        self.pause = pause
    }

    private enum CodingKeys: CodingKey { case remote }
}

/// A count in a protocol's own unit. Swift's `count` is none of them.
package struct Limit: Sendable, Equatable {
    package enum Unit: String, Sendable { case utf16, codePoints = "code points", bytes }

    package var most: Int
    package var unit: Unit

    package init(_ most: Int, _ unit: Unit) {
        self.most = most
        self.unit = unit
    }

    package func size(of text: some StringProtocol) -> Int {
        switch unit {
        case .utf16: text.utf16.count
        case .codePoints: text.unicodeScalars.count
        case .bytes: text.utf8.count
        }
    }
}

/// What a kind of destination can do. `check` holds the configuration against it; `channels` shows it.
package struct Abilities: Sendable, Equatable {
    /// A message that was sent can be changed.
    package var edit = false
    /// What follows a message can be put under it.
    package var thread = false
    /// Where buttons can stand that decide something.
    package var buttons = false
    package var nativePriority = false
    /// A route's `mention` can call somebody.
    package var mention = false
    /// What makes a resend harmless: the name of the key that the receiver knows us by; nil where there is none.
    package var idempotency: String?
    /// A message of low priority can arrive without a sound.
    package var silent = false
    /// More at once than this is refused; nil where nothing is said of it.
    package var mostWidth: Int?
    /// Of the main text.
    package var limit: Limit
    /// Each address of `to` is a delivery of its own.
    package var perRecipient = false

    package init(
        edit: Bool = false, thread: Bool = false, buttons: Bool = false, nativePriority: Bool = false, mention: Bool = false,
        idempotency: String? = nil, silent: Bool = false, mostWidth: Int? = nil, limit: Limit, perRecipient: Bool = false
    ) {
        self.edit = edit
        self.thread = thread
        self.buttons = buttons
        self.nativePriority = nativePriority
        self.mention = mention
        self.idempotency = idempotency
        self.silent = silent
        self.mostWidth = mostWidth
        self.limit = limit
        self.perRecipient = perRecipient
    }
}

/// How a destination writes text: what must be escaped, and how a mention is disarmed.
package struct Dialect: Sendable {
    /// `plain`, `slack`, `html`, …; unique.
    package var name: String
    /// Makes a piece of data harmless in this dialect. Measured after, never before.
    package var escape: @Sendable (String) -> String
    /// Where the text may be cut: the length in UTF-8 bytes of the indivisible unit that starts the given text (an entity, a
    /// backslash pair, a character).
    package var unit: @Sendable (Substring) -> Int
    /// An address that the relay itself has made, as words that can be pressed.
    package var link: @Sendable (String) -> String

    /// - Parameter link: nil writes an address as any other text: what it then becomes is the service's doing.
    package init(
        name: String, escape: @escaping @Sendable (String) -> String,
        unit: @escaping @Sendable (Substring) -> Int = { $0.first.map { String($0).utf8.count } ?? 0 },
        link: (@Sendable (String) -> String)? = nil
    ) {
        self.name = name
        self.escape = escape
        self.unit = unit
        self.link = link ?? escape
    }

    package static let plain = Dialect(name: "plain", escape: { $0 })
}

/// A message, ready for a channel: words in the channel's dialect, and the data that its structure is built from.
package struct Message: Sendable {
    /// The present facts: for an approval, as last seen, not as first admitted.
    package var event: Event
    /// Already escaped for the channel's dialect, cut to its limit, not empty.
    package var title: String
    /// Already escaped; may be empty.
    package var body: String
    /// The HTML part of a mail; nil where the channel writes none.
    package var html: String?
    /// From the pattern in `links:`; nil without one. Built by us, percent-encoded.
    package var link: String?
    /// What the links of a digest's items are made of.
    package var links: LinkPatterns
    /// A page to decide on, good for whoever gets the message; nil where nothing is to be decided, or no page is to be had. Built by us.
    package var decideLink: String?
    /// What can be decided in the chat itself; empty where nothing can.
    package var buttons: [DecisionButton]
    /// Where the chat tells us of a pressed button; nil where it knows by itself.
    package var callbackURL: String?
    /// One address of a mail's `to`; empty for destinations that have none.
    package var recipient: String
    /// The same on every attempt: hex SHA-256 of event id and destination (and recipient, if there is one).
    package var idempotencyKey: String
    /// The same for everything about one subject at this destination (an approval and what follows it): hex SHA-256.
    package var subjectKey: String
    package var deliveryID: Int64
    /// Whom the message calls, in the destination's own syntax, as the operator wrote it in the route; never from data.
    package var mention: String?
    /// Stands before everything in a labelled sample; nil otherwise.
    package var label: String?

    package init(
        event: Event, title: String, body: String, html: String? = nil, link: String? = nil, links: LinkPatterns = LinkPatterns(),
        decideLink: String? = nil,
        buttons: [DecisionButton] = [], callbackURL: String? = nil, recipient: String = "", idempotencyKey: String, subjectKey: String = "",
        deliveryID: Int64, mention: String? = nil, label: String? = nil
    ) {
        self.event = event
        self.title = title
        self.body = body
        self.html = html
        self.link = link
        self.links = links
        self.decideLink = decideLink
        self.buttons = buttons
        self.callbackURL = callbackURL
        self.recipient = recipient
        self.idempotencyKey = idempotencyKey
        self.subjectKey = subjectKey
        self.deliveryID = deliveryID
        self.mention = mention
        self.label = label
    }
}

/// A button under a message about an approval: pressed, it sends its token back.
package struct DecisionButton: Sendable, Equatable {
    package var choice: Choice
    /// At most 64 bytes. It proves that the button is ours; who pressed it is the chat's word.
    package var token: String

    package init(_ choice: Choice, token: String) {
        self.choice = choice
        self.token = token
    }

    package var label: String { choice == .approve ? "Approve" : "Reject" }
}
