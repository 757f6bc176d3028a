/// The server side of one SMTP conversation (RFC 5321), without a socket: it takes bytes and returns acts.
///
/// Several commands may arrive at a time (RFC 2920). Only CRLF ends a line, so that a bare line feed cannot smuggle in a command.
struct SMTPDialogue: Sendable {
    enum Act: Sendable, Equatable {
        /// Send this reply of one or more lines.
        case reply(String)
        /// Ask whether the mailbox accepts this recipient, then call `settle(recipient:refusal:)` and send the reply that it returns.
        case judge(recipient: String)
        /// Ask whether the password is accepted, then reply 235 or 535.
        case authenticate
        /// Hand over the mail, then reply.
        case accept(from: String, to: [String], mail: [UInt8])
        /// Send this reply, then end the connection.
        case close(String)
    }

    static let greeting = "220 sandbox.invalid ESMTP NotifyRelay sandbox"
    /// The maximum size of one mail in bytes, as SIZE announces it (RFC 1870).
    static let mostBytes = 10 << 20
    /// The maximum length of a line in bytes.
    /// It is more than RFC 5321 §4.5.3.1.4 asks for, because AUTH lines are long.
    private static let mostLine = 12_288
    private static let mostRecipients = 100

    private enum Phase { case command, data, password, name, over }

    private var bytes: [UInt8] = []
    private var at = 0
    private var phase = Phase.command
    private var hasGreeted = false
    private var sender: String?
    private var recipients: [String] = []
    private var mail: [UInt8] = []
    private var mailSize = 0

    mutating func take(_ more: some Collection<UInt8>) {
        if at > 0 {
            bytes.removeFirst(at)
            at = 0
        }
        bytes.append(contentsOf: more)
    }

    /// The next act; nil until more bytes arrive, and always nil after `close`.
    mutating func next() -> Act? {
        while let line = nextLine() {
            switch phase {
            case .data:
                if let act = data(line) { return act }
            case .command: return command(String(decoding: line, as: UTF8.self))
            case .name:
                phase = .password
                return .reply("334 UGFzc3dvcmQ6")
            case .password:
                phase = .command
                return .authenticate
            case .over: return nil
            }
        }
        guard phase != .over, bytes.count - at > Self.mostLine else { return nil }
        return close("500 5.5.2 line too long")
    }

    private mutating func close(_ line: String) -> Act {
        phase = .over
        return .close(line)
    }

    mutating func settle(recipient: String, refusal: String?) -> String {
        if let refusal { return refusal }
        recipients.append(recipient)
        return "250 2.1.5 ok"
    }

    private mutating func nextLine() -> ArraySlice<UInt8>? {
        var end = at
        while end + 1 < bytes.count {
            if bytes[end] == 0x0D && bytes[end + 1] == 0x0A {
                defer { at = end + 2 }
                return bytes[at..<end]
            }
            end += 1
        }
        return nil
    }

    /// Handles one line of the mail.
    /// The sender doubled a leading dot, so one dot is removed (§4.5.2).
    private mutating func data(_ line: ArraySlice<UInt8>) -> Act? {
        if line.elementsEqual([UInt8(ascii: ".")]) { return endOfData() }
        let content = line.first == UInt8(ascii: ".") ? line.dropFirst() : line
        mailSize += content.count + 2
        if mailSize <= Self.mostBytes { mail += content + [0x0D, 0x0A] }
        return nil
    }

    private mutating func endOfData() -> Act {
        let (from, to, content, size) = (sender ?? "", recipients, mail, mailSize)
        reset()
        return size > Self.mostBytes ? .reply("552 5.3.4 message too big") : .accept(from: from, to: to, mail: content)
    }

    private mutating func reset() {
        phase = .command
        sender = nil
        recipients = []
        mail = []
        mailSize = 0
    }

    private mutating func command(_ line: String) -> Act {
        let words = line.split(separator: " ", maxSplits: 1)
        let argument = words.count > 1 ? String(words[1]).trimmingSpace : ""
        switch words.first?.uppercased() {
        case "EHLO": return greet(extended: true, argument)
        case "HELO": return greet(extended: false, argument)
        case "AUTH": return authenticate(argument)
        case "MAIL": return mailFrom(argument)
        case "RCPT": return recipient(argument)
        case "DATA": return startData()
        case "RSET":
            reset()
            return .reply("250 2.0.0 ok")
        case "NOOP": return .reply("250 2.0.0 ok")
        case "VRFY": return .reply("252 2.1.5 send it and see")
        case "QUIT": return close("221 2.0.0 bye")
        case "STARTTLS": return .reply("502 5.5.1 no TLS here")
        default: return .reply("500 5.5.2 unknown command")
        }
    }

    private mutating func greet(extended: Bool, _ name: String) -> Act {
        guard !name.isEmpty else { return .reply("501 5.5.4 who are you?") }
        reset()
        hasGreeted = true
        guard extended else { return .reply("250 sandbox.invalid") }
        return .reply(
            ["sandbox.invalid", "PIPELINING", "SIZE \(Self.mostBytes)", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
                .map { "250-\($0)\r\n" }.joined() + "250 AUTH PLAIN LOGIN")
    }

    private mutating func authenticate(_ argument: String) -> Act {
        let words = argument.split(separator: " ")
        switch words.first?.uppercased() {
        case "PLAIN" where words.count > 1: return .authenticate
        case "PLAIN":
            phase = .password
            return .reply("334 ")
        case "LOGIN":
            phase = words.count > 1 ? .password : .name
            return .reply(words.count > 1 ? "334 UGFzc3dvcmQ6" : "334 VXNlcm5hbWU6")
        default: return .reply("504 5.5.4 unknown mechanism")
        }
    }

    private mutating func mailFrom(_ argument: String) -> Act {
        guard hasGreeted, sender == nil else { return .reply("503 5.5.1 not now") }
        guard let (address, parameters) = Self.path(argument, "FROM:") else { return .reply("501 5.5.4 MAIL FROM:<address>") }
        let size = parameters.first { $0.uppercased().hasPrefix("SIZE=") }.flatMap { Int($0.dropFirst(5)) }
        if let size, size > Self.mostBytes { return .reply("552 5.3.4 message too big") }
        sender = address
        return .reply("250 2.1.0 ok")
    }

    private func recipient(_ argument: String) -> Act {
        guard sender != nil else { return .reply("503 5.5.1 MAIL first") }
        guard let (address, _) = Self.path(argument, "TO:"), !address.isEmpty else { return .reply("501 5.1.3 RCPT TO:<address>") }
        return recipients.count < Self.mostRecipients ? .judge(recipient: address) : .reply("452 4.5.3 too many recipients")
    }

    private mutating func startData() -> Act {
        guard !recipients.isEmpty else { return .reply("503 5.5.1 RCPT first") }
        phase = .data
        return .reply("354 end with a line that holds one dot")
    }

    /// Parses `FROM:<a@b> SIZE=1` into the address and the parameters; nil if it has another form.
    private static func path(_ argument: String, _ word: String) -> (address: String, parameters: [Substring])? {
        guard argument.uppercased().hasPrefix(word) else { return nil }
        let rest = String(argument.dropFirst(word.count)).trimmingSpace
        guard rest.hasPrefix("<"), let end = rest.firstIndex(of: ">") else { return nil }
        let address = rest[rest.index(after: rest.startIndex)..<end]
        return (String(address), rest[rest.index(after: end)...].split(separator: " "))
    }
}
