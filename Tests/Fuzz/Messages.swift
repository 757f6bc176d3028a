import Foundation

@testable import Channels
@testable import NotifyRelay
@testable import RelayCore
@testable import RelaySupport
@testable import Transport

/// What chats and mail servers send, and what is sent to them.
extension Fuzz {
    static let messages: [String: @Sendable ([UInt8]) -> Void] = [
        "slack": { slack($0) }, "discord": { discord($0) }, "mattermost": { mattermost($0) }, "telegram": { telegram($0) },
        "heads": { heads($0) }, "mime": { mime($0) }, "smtp": { smtp($0) },
    ]

    private static func bounded(_ press: Press?, _ bytes: [UInt8]) {
        guard let press else { return }
        promise(press.token.utf8.count <= 3 * bytes.count && press.chats.count <= 3, "a press without bounds")
        if let token = ButtonToken(press.token) { promise(token.approval.utf8.count <= ButtonToken.longest, "a token without bounds") }
    }

    private static func slack(_ bytes: [UInt8]) { bounded((try? SlackCallback.press(bytes)) ?? nil, bytes) }

    private static func discord(_ bytes: [UInt8]) {
        if case .press(let press)? = try? DiscordCallback.read(bytes) { bounded(press, bytes) }
    }

    private static func mattermost(_ bytes: [UInt8]) { bounded(try? MattermostCallback.press(bytes), bytes) }

    private static func telegram(_ bytes: [UInt8]) {
        guard let json = try? JSONValue(parsing: bytes) else { return }
        for update in (json["result"]?.array ?? [json]).compactMap(TelegramCallback.update) { bounded(update.press, bytes) }
    }

    /// The headers that signatures and proxies are read from, one on a line.
    private static func heads(_ bytes: [UInt8]) {
        let lines = bytes.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let line = { (index: Int) in index < lines.count ? lines[index] : "" }
        let now = Timestamp(seconds: 1_795_510_890)
        let slack = SlackCallback(secret: Secret("a secret"), origin: "https://a.example", channel: nil, network: NetworkOptions())
        promise((try? slack.verify(timestamp: line(0), signature: line(1), body: bytes, now: now)) == nil, "a forged signature of Slack")
        let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        if let discord = DiscordCallback(publicKey: key) {
            promise(
                (try? discord.verify(timestamp: line(0), signature: line(1), body: bytes, now: now)) == nil, "a forged signature of Discord"
            )
        }
        let proxies = TrustedProxies(blocks: ["10.0.0.0/8", "::1"].compactMap { AddressBlock($0) })
        if let client = proxies.client(of: "10.0.0.1", forwarded: [line(2), line(3)]) {
            promise(AddressBlock.isAddress(client), "a client that is no address")
        }
        _ = HostGuard(["relay.example"], machine: "box").allows(line(4))
        for field in formFields(line(5)) { promise(field.name.utf8.count + field.value.utf8.count <= 3 * bytes.count, "a form grew") }
    }

    /// A subject, a text and a name make a mail of short lines without bare line ends, in ASCII.
    private static func mime(_ bytes: [UInt8]) {
        let (subject, text) = bytes.halves
        guard let from = MailAddress(parsing: "relay@example.com"),
            let to = MailAddress(parsing: subject.text) ?? MailAddress(parsing: "a@b.example")
        else { return }
        let mail = MIMEMail(
            date: Timestamp(seconds: 1_795_510_890), from: from, to: to, subject: subject.text, messageID: "a@b", text: text.text,
            html: text.count % 2 == 0 ? nil : text.text, boundarySeed: "seed"
        ).bytes
        promise(mail.allSatisfy { $0 < 0x80 && $0 != 0 }, "a byte that is not ASCII")
        var length = 0, previous: UInt8 = 0
        for byte in mail {
            if byte == 0x0A { promise(previous == 0x0D, "a bare line feed") }
            if previous == 0x0D { promise(byte == 0x0A, "a bare carriage return") }
            length = byte == 0x0A ? 0 : length + 1
            promise(length <= 999, "a line of more than 998 bytes")
            previous = byte
        }
        promise(mail.count <= 24 * bytes.count + 8_192, "\(bytes.count) bytes became a mail of \(mail.count)")
    }

    private static func smtp(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            guard let reply = SMTPReply(buffer) else { return }
            promise((200...599).contains(reply.code) && reply.text.utf8.count <= 2_100, "a reply without bounds")
        }
    }
}
