import Crypto
import RelayCore
import RelaySupport
import Transport

/// What all mails of one destination share, and how a message becomes a mail.
struct Letterhead: Sendable {
    let from: MailAddress
    let replyTo: MailAddress?
    /// The name of the destination, for mail filters.
    let destination: String

    /// The same message and date always give the same bytes.
    func mail(_ message: Message, to recipient: MailAddress, date: Timestamp) -> MIMEMail {
        MIMEMail(
            date: date, from: from, to: recipient, replyTo: replyTo, subject: message.title,
            messageID: messageID(message),
            references: references(message), extraHeaders: headers(message),
            text: [message.label, message.body].compactMap(\.self).joined(separator: "\n\n"),
            html: message.isPlain ? nil : message.html,
            boundarySeed: message.idempotencyKey)
    }

    /// The Message-ID without angle brackets. It is the same on every attempt, and many receivers drop the second copy.
    func messageID(_ message: Message) -> String { "\(message.idempotencyKey)@\(domain)" }

    /// All mails about one approval, and all mails of one digest, refer to the same root id, which was never sent. So mail readers thread
    /// them in any order of arrival. (RFC 5322 §3.6.4 lets a reference name an unknown message.)
    private func references(_ message: Message) -> [String] {
        guard message.isOfApproval || digestName(message) != nil else { return [] }
        return ["\(hexadecimal(SHA256.hash(data: Array(message.event.subject.utf8))))@\(domain)"]
    }

    /// The name of the digest; nil for every other message, bundles included.
    private func digestName(_ message: Message) -> String? {
        let subject = message.event.subject
        return message.event.kind == .digest && subject.hasPrefix("digest/") ? String(subject.dropFirst("digest/".count)) : nil
    }

    /// `Importance` comes from RFC 2156 §2.3.4; older mail readers show `X-Priority`. `List-Id` (RFC 2919) is for filters: each digest has
    /// its own list.
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
