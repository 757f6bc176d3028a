import RelayCore

/// The mailbox behind the SMTP server.
extension Inbox {
    enum MailVerdict: Sendable, Equatable {
        case reply(String)
        /// The mail was accepted.
        /// If `andDropped` is true, the connection ends without a reply.
        case taken(andDropped: Bool)
    }

    /// The reply to RCPT instead of 250; nil for 250.
    func refusal(of recipient: String) -> String? { faults.recipients[recipient.lowercased()] }

    func receive(from sender: String, to recipients: [String], mail: [UInt8]) async -> MailVerdict {
        if faults.mailDelay > .zero { try? await clock.sleep(for: faults.mailDelay) }
        if let refusal = faults.mailRefusal {
            refused += 1
            return .reply(refusal)
        }
        let headers = [("mail from", sender)] + recipients.map { ("rcpt to", $0) }
        take(
            .mail, place: recipients.joined(separator: ", "), identity: MailHeaders(mail).value("message-id"), headers: headers,
            raw: mail)
        guard faults.dropsAfterDot > 0 else { return .taken(andDropped: false) }
        faults.dropsAfterDot -= 1
        return .taken(andDropped: true)
    }
}
