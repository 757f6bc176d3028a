import RelayCore
import RelaySupport
import Transport

/// Mail by SMTP submission: one mail for each address in `to`.
package enum Email {
    package static let type = ChannelType(
        name: "email",
        abilities: Abilities(
            thread: true, nativePriority: true, idempotency: "Message-ID", limit: Limit(100_000, .bytes), perRecipient: true),
        dialect: .plain,
        htmlDialect: htmlDialect,
        titleLimit: Limit(200, .codePoints),
        deadline: MailServer.longestDialogue,
        read: read)

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        let server = section.mailServer(basics)
        let from = section.mailAddress("from", required: true)
        let replyTo = section.mailAddress("reply_to", required: false)
        let to = section.recipients("to")
        guard let server, let from, let to, replyTo != nil || section.string("reply_to") == nil else { return nil }
        let letterhead = Letterhead(from: from, replyTo: replyTo, destination: basics.name)
        return ChannelPlan(recipients: to.map(\.address)) {
            EmailChannel(server: server, letterhead: letterhead, to: to, tools: $0)
        }
    }
}

struct EmailChannel: Channel {
    let server: MailServer
    let letterhead: Letterhead
    let to: [MailAddress]
    let tools: ChannelTools

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        guard let recipient = recipient(of: message) else {
            throw DeliveryError(.refused, .local, "the recipient is no mail address")
        }
        let mail = MailRequest(
            server: server, from: letterhead.from.address, to: recipient.address,
            message: letterhead.mail(message, to: recipient, date: tools.clock.now).bytes)
        let response: MailResponse
        do throws(TransportError) {
            response = try await tools.mail.send(mail)
        } catch {
            throw judge(error, idempotent: true)
        }
        if let error = judge(response) { throw withoutPassword(error) }
        return Receipt(["message-id": letterhead.messageID(message), "answer": masked(response.text.oneLine(most: 200))])
    }

    func preview(_ message: Message) -> String {
        guard let recipient = recipient(of: message) ?? to.first else { return "" }
        return String(decoding: letterhead.mail(message, to: recipient, date: tools.clock.now).bytes, as: UTF8.self)
    }

    func connect() async -> [Finding] {
        let place = "\(server.host):\(server.port)"
        let untried = Finding(ok: nil, "whether it takes mail for these addresses was not tried: only a mail would tell")
        do throws(TransportError) {
            let response = try await tools.mail.greet(server)
            if let error = judge(response) { return [Finding(ok: false, "\(place) \(withoutPassword(error).detail)"), untried] }
            let login = server.username == nil ? "" : " and takes the login"
            return [Finding(ok: true, "\(place) answers\(login)"), untried]
        } catch {
            return [Finding(ok: false, "\(place) does not answer: \(error.description)"), untried]
        }
    }

    /// The address with its display name, as the configuration has it. An address that was removed from the configuration still gets its
    /// mail.
    private func recipient(of message: Message) -> MailAddress? {
        to.first { $0.address == message.recipient } ?? MailAddress(parsing: message.recipient)
    }

    /// The server knows the password and could repeat it in a reply, so it is masked.
    private func withoutPassword(_ error: DeliveryError) -> DeliveryError {
        var error = error
        error.detail = masked(error.detail)
        return error
    }

    private func masked(_ text: String) -> String {
        guard let password = server.password, !password.isEmpty else { return text }
        return text.replacing(password.reveal(), with: password.description)
    }
}
