/// Why one attempt failed, and the verdict on it.
package struct DeliveryError: Error, Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        /// Try this delivery again.
        /// `after` is the wait that the provider asked for; nil if it asked for none.
        case retry(after: Duration?)
        /// The provider refuses all messages for a while, so the whole destination pauses.
        /// `after` is nil if the provider gave no time.
        case throttled(after: Duration?)
        /// The destination refuses everything from us for a while, for a reason that is about us: our name, our quota, a policy.
        /// The lane is down at once, and nothing counts against the delivery.
        /// `after` is the wait that the provider asked for or that is usual for the reason; nil if there is none.
        case unavailable(after: Duration?)
        /// The same message would always fail in the same way.
        case refused
        /// The destination refuses the message for good, and it is unknown whether the message or we are the reason.
        /// The delivery is tried again before it is given up, and several such refusals in a row are about us.
        case doubtful
        /// The destination refuses the shape of the message (a mention, blocks, a button, a thread, its length), not what it says.
        /// The message is sent once more in its plainest shape.
        case trimmings
        /// The destination no longer exists.
        /// Delivery stops until a person acts.
        case gone
        /// The destination refuses our access (401, 403, 404).
        /// The attempt is repeated, and the verdict becomes *gone* if this lasts for 30 minutes.
        case suspect
        /// Bytes were sent and no response came, so the message may have been delivered.
        case uncertain
        /// The message to edit no longer exists or is too old to edit.
        case vanished
    }

    /// The cause of a failed attempt, from a closed set, so that it is safe as a metric label.
    package enum Reason: String, Sendable, CaseIterable {
        case timeout, unreachable, tls, rateLimited, serverError, rejected, unauthorized, notFound, redirected, protocolError, badAnswer,
            tooLarge, forbiddenAddress, local
    }

    package var verdict: Verdict
    package var reason: Reason
    /// A description for people.
    /// It never contains a URL, a header or the message itself.
    package var detail: String
    /// The HTTP status or SMTP reply code; nil if no response came.
    package var status: Int?

    package init(_ verdict: Verdict, _ reason: Reason, _ detail: String, status: Int? = nil) {
        self.verdict = verdict
        self.reason = reason
        self.detail = detail
        self.status = status
    }
}

/// What the destination returned so that the message can be found again: message ids, timestamps, queue ids.
/// `remote` is empty if the destination returned nothing.
package struct Receipt: Sendable, Equatable {
    package var remote: [String: String]
    /// How long the destination asks us to pause although it accepted this message; nil if it does not ask.
    /// Not stored.
    package var pause: Duration?
    /// The message goes on until the channel ends it, like an emergency that repeats, so even a reminder's receipt is kept.
    /// Not stored.
    package var isOngoing = false
    /// What was odd about the response that accepted the message; nil if nothing was.
    /// Not stored.
    package var remark: Remark?

    /// An odd response that accepted a message all the same.
    package enum Remark: Sendable, Hashable {
        /// A good status with a body that was not understood.
        /// The text says what came, and is safe to show.
        case notUnderstood(String)
        /// A web page came instead of a response of the service, such as a login page or a proxy's page.
        case page
    }

    package init(_ remote: [String: String] = [:], pause: Duration? = nil) {
        self.remote = remote
        self.pause = pause
    }
}

/// A maximum size, counted in a protocol's own unit.
/// None of these units is Swift's `count`.
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

/// What a kind of destination can do.
/// `check` compares the configuration with it, and `channels` prints it.
package struct Abilities: Sendable, Equatable {
    /// A sent message can be edited.
    package var edit = false
    /// A follow-up can be put in a thread under the first message.
    package var thread = false
    /// A message can carry buttons that decide an approval.
    package var buttons = false
    package var nativePriority = false
    /// A route's `mention` can notify a person or group.
    package var mention = false
    /// The name of the idempotency key by which the receiver recognises a resend; nil if the receiver recognises none.
    package var idempotency: String?
    /// A message of low priority can arrive without a sound.
    package var silent = false
    /// The highest `width` allowed; nil means no limit.
    package var mostWidth: Int?
    /// The maximum size of the main text.
    package var limit: Limit
    /// Each address of `to` is a separate delivery.
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

/// The text format of a destination: what must be escaped, how mentions are disarmed, where text may be cut and how links are written.
package struct Dialect: Sendable {
    /// The unique name: `plain`, `slack`, `html`, …
    package var name: String
    /// Escapes a piece of data so that it is plain text in this dialect.
    /// Length limits apply to the escaped text.
    package var escape: @Sendable (String) -> String
    /// The length in UTF-8 bytes of the indivisible unit at the start of the given text (an entity, a backslash pair, a character).
    /// Text may be cut only between units.
    package var unit: @Sendable (Substring) -> Int
    /// Writes a URL that the relay built as a clickable link.
    package var link: @Sendable (String) -> String
    /// How a line of foreign text begins where it stands at the beginning of a line.
    package var quote: Quote

    /// The mark of foreign text, so that it cannot look like the relay's own words.
    package struct Quote: Sendable, Equatable {
        /// Empty if the text around it marks it.
        package var prefix: String
        /// The service reads on in the quote until an empty line.
        package var needsEmptyLine = false

        package init(_ prefix: String, needsEmptyLine: Bool = false) {
            self.prefix = prefix
            self.needsEmptyLine = needsEmptyLine
        }
    }

    /// - Parameter link: nil writes a URL like any other text, and the service decides whether it becomes a link.
    package init(
        name: String, escape: @escaping @Sendable (String) -> String,
        unit: @escaping @Sendable (Substring) -> Int = { $0.first.map { String($0).utf8.count } ?? 0 },
        link: (@Sendable (String) -> String)? = nil, quote: Quote = Quote("> ")
    ) {
        self.name = name
        self.escape = escape
        self.unit = unit
        self.quote = quote
        self.link = link ?? escape
    }

    package static let plain = Dialect(name: "plain", escape: { $0 })
}

/// A message that is ready for a channel: text in the channel's dialect, and the data from which the channel builds its structure.
package struct Message: Sendable {
    /// The event with its current facts: an approval is as last seen, not as first admitted.
    package var event: Event
    /// The title.
    /// It is already escaped for the channel's dialect, cut to its limit, and not empty.
    package var title: String
    /// The body.
    /// It is already escaped for the channel's dialect and may be empty.
    package var body: String
    /// The HTML part of a mail; nil if the channel writes none.
    package var html: String?
    /// The link built from the pattern in `links:`, percent-encoded; nil without a pattern.
    package var link: String?
    /// The patterns for the links of a digest's items.
    package var links: LinkPatterns
    /// The link to the decision page, valid for anyone who has the message.
    /// The relay builds it. Nil if there is nothing to decide, or if no page is available.
    package var decideLink: String?
    /// The buttons that decide in the chat itself; empty if there is nothing to decide there.
    package var buttons: [DecisionButton]
    /// The URL that the chat calls when a button is pressed; nil if the chat does not need to be told with each message.
    package var callbackURL: String?
    /// One address of a mail's `to`; empty for destinations without recipients.
    package var recipient: String
    /// The idempotency key, the same on every attempt: hex SHA-256 of the event id, the destination and the recipient (if there is one).
    package var idempotencyKey: String
    /// A key shared by all messages about one subject at this destination (an approval and its follow-ups): hex SHA-256. Empty for a
    /// notification and a digest.
    package var subjectKey: String
    package var deliveryID: Int64
    /// The mention, in the destination's own syntax, as the operator wrote it in the route; it never comes from event data.
    package var mention: String?
    /// A label put before everything else in a sample message; nil for real messages.
    package var label: String?
    /// The message is sent in its plainest shape, because the destination refused its trimmings: text, link and the words to decide, without
    /// mention, blocks, buttons, colours, attachments and threads.
    package var isPlain = false
    /// The message may be lost and must never arrive twice, so nothing sends it a second time by itself.
    package var isAtMostOnce = false
    /// Asked before the message is handed over, by channels that prepare messages ahead; nil if it may be at once.
    package var gate: (any HandoverGate)?

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

/// A button under a message about an approval.
/// When pressed, it sends its token back.
package struct DecisionButton: Sendable, Equatable {
    package var choice: Choice
    /// The token, at most 64 bytes.
    /// It proves that the relay made the button; the chat itself says who pressed it.
    package var token: String

    package init(_ choice: Choice, token: String) {
        self.choice = choice
        self.token = token
    }

    package var label: String { choice == .approve ? "Approve" : "Reject" }
}
