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
        guard let server, let from, let to, replyTo != nil || section.node("reply_to") == nil else { return nil }
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
        var mail = MailRequest(
            server: server, from: letterhead.from.address, to: recipient.address,
            message: letterhead.mail(message, to: recipient, date: tools.clock.now).bytes)
        mail.gate = message.gate
        let response: MailResponse
        do throws(TransportError) {
            response = try await tools.mail.send(mail)
        } catch {
            throw judge(error, idempotent: true)
        }
        if let error = judged(response) { throw error }
        return Receipt(["message-id": letterhead.messageID(message), "answer": masked(response.text.oneLine(most: 200))])
    }

    func preview(_ message: Message) -> String {
        guard let recipient = recipient(of: message) ?? to.first else { return "" }
        return String(decoding: letterhead.mail(message, to: recipient, date: tools.clock.now).bytes, as: UTF8.self)
    }

    /// Asks the server for each address whether it would take a mail, up to the command RCPT TO, and takes it back.
    func connect() async -> [Finding] {
        let place = "\(server.host):\(server.port)"
        var taken: [String] = [], refused: [Finding] = []
        for address in to.prefix(Self.mostAsked).map(\.address) {
            do throws(TransportError) {
                let response = try await tools.mail.ask(server, from: letterhead.from.address, to: address)
                guard let error = judged(response) else {
                    if server.username != nil, !response.wasLoginSent {
                        return [Finding(ok: false, "\(place) offers no login; the password was not tried")]
                    }
                    taken.append(address)
                    continue
                }
                refused.append(Finding(ok: false, "\(place) refuses mail for \(address): \(error.detail)"))
                // A refusal before RCPT TO is one for all addresses.
                if response.stage != .recipient { break }
            } catch {
                return [Finding(ok: false, "\(place) does not answer: \(error.description)")]
            }
        }
        let login = server.username == nil ? "" : "takes the login and "
        let good = taken.isEmpty ? [] : [Finding(ok: true, "\(place) \(login)takes mail for \(taken.joined(separator: ", "))")]
        let rest = to.count > Self.mostAsked ? [Finding(ok: nil, "\(to.count - Self.mostAsked) more addresses were not asked about")] : []
        return good + refused + rest + [Finding(ok: nil, "whether a mail arrives was not tried: only a mail would tell")]
    }

    /// The most addresses that a check asks about. Some servers take many questions for an attack.
    private static let mostAsked = 5

    /// The address with its display name, as the configuration has it. An address that was removed from the configuration still gets its
    /// mail.
    private func recipient(of message: Message) -> MailAddress? {
        to.first { $0.address == message.recipient } ?? MailAddress(parsing: message.recipient)
    }
}
