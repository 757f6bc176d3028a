package import RelayCore
package import RelaySupport

/// One accepted message, as it arrived.
package struct InboxMessage: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case slack, webhook, mail, discord, teams, googleChat = "google_chat", mattermost, rocketchat, telegram, matrix, zulip, ntfy,
            gotify,
            pushover, pagerduty, slackBot = "slackbot"

        /// The message is drawn as a card in a chat room.
        var isChat: Bool { self != .webhook && self != .mail }
    }

    /// The message's number, from 1, in order of arrival.
    package var id: Int
    package var receivedAt: Timestamp
    package var kind: Kind
    /// The hook's path after its kind (`T/B/x`, `billing`), or the mail's recipients.
    package var place: String
    /// For HTTP, the headers with lower-case names.
    /// For mail, the envelope as `mail from` and `rcpt to`.
    package var headers: [(name: String, value: String)]
    /// The body of the request.
    /// For mail, everything between DATA and the final dot, with dot-stuffing removed.
    package var raw: [UInt8]
    /// The identity by which a receiver would recognise a repeat: `webhook-id`, `Message-ID` or the service's idempotency key.
    /// Nil if there is none.
    package var identity: String?
    /// The number of this arrival among those with the same identity, from 1.
    package var time: Int
    /// What to draw instead of the body; nil means the body.
    var payload: JSONValue?
    /// How often the message was edited.
    package var edits = 0

    /// The message as JSON; nil for mail and for a body that is not JSON.
    /// It is parsed on each access.
    package var json: JSONValue? { kind == .mail ? nil : payload ?? (try? JSONValue(parsing: raw)) }

    /// The message as a mail; nil for other kinds.
    /// It is parsed on each access.
    package var mail: MailMessage? { kind == .mail ? MailMessage(raw) : nil }

    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}
