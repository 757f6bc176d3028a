package import RelayCore
import RelaySupport

/// A mail as it goes over the wire (RFC 5322 and MIME): lines are short and end with CRLF, and no header value can start another header.
package struct MIMEMail: Sendable {
    package var date: Timestamp
    package var from: MailAddress
    package var to: MailAddress
    package var replyTo: MailAddress?
    package var subject: String
    /// The Message-ID, `left@right` without angle brackets. It is the same on every attempt.
    package var messageID: String
    /// Message-IDs, oldest first, without angle brackets; the last one is the mail that this one replies to.
    package var references: [String]
    package var extraHeaders: [(name: String, value: String)]
    package var text: String
    package var html: String?
    /// The seed for the boundary; the same seed gives the same bytes.
    package var boundarySeed: String

    package init(
        date: Timestamp, from: MailAddress, to: MailAddress, replyTo: MailAddress? = nil, subject: String, messageID: String,
        references: [String] = [], extraHeaders: [(name: String, value: String)] = [], text: String, html: String? = nil,
        boundarySeed: String
    ) {
        self.date = date
        self.from = from
        self.to = to
        self.replyTo = replyTo
        self.subject = subject
        self.messageID = messageID
        self.references = references
        self.extraHeaders = extraHeaders
        self.text = text
        self.html = html
        self.boundarySeed = boundarySeed
    }

    package var bytes: [UInt8] {
        var lines = headers.map { MIMEHeader.fold($0.name, $0.value) }
        let plain = MIMEPart(type: "text/plain", text: text)
        guard let html else {
            lines += plain.headers
            return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + plain.encoded
        }
        let rich = MIMEPart(type: "text/html", text: html)
        let boundary = boundary(outside: [plain.encoded, rich.encoded])
        lines.append("Content-Type: multipart/alternative; boundary=\"\(boundary)\"")
        var mail: [UInt8] = []
        mail.reserveCapacity(plain.encoded.count + rich.encoded.count + 2_048)
        mail += (lines.joined(separator: "\r\n") + "\r\n\r\n").utf8
        for part in [plain, rich] {
            mail += "--\(boundary)\r\n\(part.headers.joined(separator: "\r\n"))\r\n\r\n".utf8
            mail += part.encoded
            mail += [13, 10]
        }
        mail += "--\(boundary)--\r\n".utf8
        return mail
    }

    private var headers: [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = [
            ("Date", date.mailDate), ("From", MIMEHeader.mailbox(from)), ("To", MIMEHeader.mailbox(to)),
        ]
        if let replyTo { headers.append(("Reply-To", MIMEHeader.mailbox(replyTo))) }
        headers.append(("Subject", MIMEHeader.text(subject, startingAt: "Subject: ".utf8.count)))
        headers.append(("Message-ID", "<\(MIMEHeader.token(messageID))>"))
        if let parent = references.last {
            headers.append(("In-Reply-To", "<\(MIMEHeader.token(parent))>"))
            headers.append(("References", references.map { "<\(MIMEHeader.token($0))>" }.joined(separator: " ")))
        }
        // This keeps vacation responders from replying (RFC 3834 §5).
        headers.append(("Auto-Submitted", "auto-generated"))
        headers.append(("X-Auto-Response-Suppress", "All"))
        for (name, value) in extraHeaders {
            headers.append((MIMEHeader.token(name), MIMEHeader.text(value, startingAt: name.utf8.count + 2)))
        }
        headers.append(("MIME-Version", "1.0"))
        return headers
    }

    /// A boundary of at most 70 characters (RFC 2046 §5.1.1) that occurs in no part.
    private func boundary(outside parts: [[UInt8]]) -> String {
        let seed = String(decoding: boundarySeed.utf8.lazy.filter(\.isAlphanumeric).prefix(40), as: UTF8.self)
        var number = 0
        while true {
            let boundary = "=_\(seed)_\(number)"
            if !parts.contains(where: { Self.holds($0, Array("--\(boundary)".utf8)) }) { return boundary }
            number += 1
        }
    }

    private static func holds(_ text: [UInt8], _ words: [UInt8]) -> Bool {
        var rest = text[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "-")) {
            if rest[start...].starts(with: words) { return true }
            rest = rest[(start + 1)...]
        }
        return false
    }
}

extension Timestamp {
    /// The date format of mail headers, such as `Tue, 03 Nov 2026 14:05:09 +0000` (RFC 5322 §3.3).
    var mailDate: String {
        let date = CivilDate(daysSince1970: seconds.dividedDown(by: 86_400))
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let iso = description
        let day = String(iso.dropFirst(8).prefix(2)), time = String(iso.dropFirst(11).prefix(8))
        return "\(names[date.weekday]), \(day) \(months[date.month - 1]) \(iso.prefix(4)) \(time) +0000"
    }
}
