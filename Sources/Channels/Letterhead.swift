import Crypto
import RelayCore
import Transport

/// What all mails of one destination have in common, and how one is made of a message.
struct Letterhead: Sendable {
    let from: MailAddress
    let replyTo: MailAddress?
    /// The name of the destination: readers filter on it.
    let destination: String

    /// The same bytes for the same message and date.
    func mail(_ message: Message, to recipient: MailAddress, date: Timestamp) -> MIMEMail {
        MIMEMail(
            date: date, from: from, to: recipient, replyTo: replyTo, subject: message.labelledTitle, messageID: messageID(message),
            references: references(message), extraHeaders: headers(message.event.priority), text: message.body, html: message.html,
            boundarySeed: message.idempotencyKey)
    }

    /// Without angle brackets. The same on every attempt: many receivers drop the second of two.
    func messageID(_ message: Message) -> String { "\(message.idempotencyKey)@\(domain)" }

    /// All mails about one approval name the same root, which was never sent: threads form whichever of them came first.
    /// (RFC 5322 §3.6.4 lets a reference name an unknown message.)
    private func references(_ message: Message) -> [String] {
        message.isOfApproval ? ["\(hexadecimal(SHA256.hash(data: Array(message.event.subject.utf8))))@\(domain)"] : []
    }

    /// `Importance` is RFC 2156 §2.3.4's; `X-Priority` is what older readers show. `List-Id` (RFC 2919) is for filters.
    private func headers(_ priority: Priority) -> [(name: String, value: String)] {
        let urgency: [(name: String, value: String)] =
            switch priority {
            case .low: [("Importance", "low"), ("X-Priority", "5")]
            case .normal: []
            case .high: [("Importance", "high"), ("X-Priority", "2")]
            case .urgent: [("Importance", "high"), ("X-Priority", "1")]
            }
        return urgency + [("List-Id", "<\(destination).notify-relay.\(domain)>")]
    }

    private var domain: String { from.domain }
}
