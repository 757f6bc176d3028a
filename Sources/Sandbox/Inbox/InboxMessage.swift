package import RelayCore

/// One message that a receiver took, as it came.
package struct InboxMessage: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case slack, webhook, mail, discord, teams, googleChat = "google_chat", mattermost, rocketchat, telegram, matrix, zulip, ntfy,
            gotify,
            pushover, pagerduty, slackBot = "slackbot"

        /// What is drawn as a card in a room.
        package var isChat: Bool { self != .webhook && self != .mail }
    }

    /// From 1, in the order of arrival.
    package var id: Int
    package var receivedAt: Timestamp
    package var kind: Kind
    /// Where it was sent: the hook's path behind its kind (`T/B/x`, `billing`), or the mail's recipients.
    package var place: String
    /// Of HTTP: names in lower case. Of mail: the envelope as `mail from` and `rcpt to`.
    package var headers: [(name: String, value: String)]
    /// The body of the request; of a mail everything between DATA and the dot, unstuffed.
    package var raw: [UInt8]
    /// What a receiver would recognise a repeat by: `webhook-id` or `Message-ID`.
    package var identity: String?
    /// Which arrival of this identity it is, from 1.
    package var time: Int
    /// What is drawn, where it is not the body itself.
    var payload: JSONValue?
    /// How often it was changed since.
    package var edits = 0

    /// What the message says: nil for mail, and for a body that is no JSON. Read anew each time.
    package var json: JSONValue? { kind == .mail ? nil : payload ?? (try? JSONValue(parsing: raw)) }

    /// Nil unless it is a mail. Read anew each time.
    package var mail: MailMessage? { kind == .mail ? MailMessage(raw) : nil }

    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}
