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
            references: references(message), extraHeaders: headers(message), text: message.body, html: message.html,
            boundarySeed: message.idempotencyKey)
    }

    /// Without angle brackets. The same on every attempt: many receivers drop the second of two.
    func messageID(_ message: Message) -> String { "\(message.idempotencyKey)@\(domain)" }

    /// All mails about one approval, and all of one digest, name the same root, which was never sent: threads form whichever of them came
    /// first. (RFC 5322 §3.6.4 lets a reference name an unknown message.)
    private func references(_ message: Message) -> [String] {
        guard message.isOfApproval || digestName(message) != nil else { return [] }
        return ["\(hexadecimal(SHA256.hash(data: Array(message.event.subject.utf8))))@\(domain)"]
    }

    /// Nil of what is no digest; a bundle is none.
    private func digestName(_ message: Message) -> String? {
        let subject = message.event.subject
        return message.event.kind == .digest && subject.hasPrefix("digest/") ? String(subject.dropFirst("digest/".count)) : nil
    }

    /// `Importance` is RFC 2156 §2.3.4's; `X-Priority` is what older readers show. `List-Id` (RFC 2919) is for filters:
    /// a digest is a list of its own.
    private func headers(_ message: Message) -> [(name: String, value: String)] {
        let urgency: [(name: String, value: String)] =
            switch message.event.priority {
            case .low: [("Importance", "low"), ("X-Priority", "5")]
            case .normal: []
            case .high: [("Importance", "high"), ("X-Priority", "2")]
            case .urgent: [("Importance", "high"), ("X-Priority", "1")]
            }
        let list = (digestName(message).map { "\($0).digest." } ?? "") + destination
        return urgency + [("List-Id", "<\(list).notify-relay.\(domain)>")]
    }

    private var domain: String { from.domain }
}
