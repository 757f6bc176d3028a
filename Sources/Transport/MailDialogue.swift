import RelaySupport

/// What was said on one mail connection: the commands that were sent and the replies that came. This is a value without I/O.
///
/// The contents of a login are never kept.
struct MailDialogue: Sendable {
    enum Command: Sendable { case hello, startTLS, login, noop, sender, recipient, data, reset, quit }

    /// The last command that was sent; nil while the greeting is awaited.
    private(set) var last: Command?
    private(set) var replies: [(reply: SMTPReply, to: Command?)] = []
    /// The mechanisms of the last `AUTH` line of a reply to EHLO.
    private(set) var offeredLogins: [String] = []
    private(set) var wasLoginSent = false
    /// The server agreed to STARTTLS.
    private(set) var isUpgraded = false
    private static let mostReplies = 500
    /// The beginnings of the lines that libcurl sends, and their commands.
    private static let words: [(word: String, command: Command)] = [
        ("EHLO ", .hello), ("HELO ", .hello), ("STARTTLS\r\n", .startTLS), ("AUTH ", .login), ("NOOP\r\n", .noop), ("MAIL FROM:", .sender),
        ("RCPT TO:", .recipient), ("DATA\r\n", .data), ("RSET\r\n", .reset), ("QUIT\r\n", .quit),
    ]

    /// Takes one line that libcurl sent. The lines of a login that follow AUTH are base64, which holds no space and no colon, so none of
    /// them looks like a command.
    mutating func sent(_ line: UnsafeRawBufferPointer) {
        guard let found = Self.words.first(where: { line.starts(with: $0.word.utf8) })?.command else { return }
        last = found
        if found == .login { wasLoginSent = true }
        if found == .hello { offeredLogins = [] }
    }

    /// Takes one line of a reply. A 334 goes on with a login and decides nothing.
    mutating func took(_ reply: SMTPReply) {
        guard reply.code != 334, replies.count < Self.mostReplies else { return }
        replies.append((reply, last))
        let words = reply.text.uppercased().split(whereSeparator: { $0 == " " || $0 == "=" })
        if last == .hello, words.first == "AUTH" { offeredLogins = words.dropFirst().map(String.init) }
        if last == .startTLS, reply.code == 220 { isUpgraded = true }
    }

    /// The last reply that is no farewell.
    var deciding: (reply: SMTPReply, to: Command?)? { replies.last { $0.reply.code != 221 || $0.to == .sender } }

    /// The server was ready for the text of the mail.
    var isTextAwaited: Bool { replies.contains { $0.reply.code == 354 } }

    func response(_ reply: SMTPReply, _ stage: MailResponse.Stage) -> MailResponse {
        var response = MailResponse(stage: stage, code: reply.code, enhanced: reply.enhanced, text: reply.text)
        response.offeredLogins = offeredLogins
        response.wasLoginSent = wasLoginSent
        return response
    }

    /// The command that a reply refuses.
    static func stage(of command: Command?) -> MailResponse.Stage {
        switch command {
        case nil: .greeting
        case .hello: .hello
        case .startTLS: .startTLS
        case .login, .noop: .login
        case .sender: .sender
        case .recipient: .recipient
        case .data, .reset, .quit: .data
        }
    }
}
