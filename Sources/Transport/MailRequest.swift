package import RelayCore

/// One finished mail and where to hand it in. One recipient, so that every answer is about that recipient.
package struct MailRequest: Sendable {
    package var server: MailServer
    /// Envelope addresses: bare `local@domain`. Anything with CR, LF, NUL, space or angle brackets is refused before sending.
    package var from: String
    package var to: String
    /// RFC 5322, every line ending CRLF.
    package var message: [UInt8]

    package init(server: MailServer, from: String, to: String, message: [UInt8]) {
        self.server = server
        self.from = from
        self.to = to
        self.message = message
    }
}

/// A mail server and how to speak to it. Mails to an equal server share a connection.
package struct MailServer: Sendable, Hashable {
    package enum Security: String, Sendable {
        /// TLS from the first byte (`smtps://`, RFC 8314).
        case implicit
        /// STARTTLS demanded and verified (RFC 3207).
        case startTLS
        /// Nothing: loopback, or `allow_plain: true`.
        case plain
    }

    package var host: String
    package var port: Int
    package var security: Security
    package var username: String?
    package var password: Secret?
    /// libcurl's `LOGIN_OPTIONS`, such as `AUTH=PLAIN`; nil lets it choose.
    package var loginOptions: String?
    /// The name we give in EHLO; nil takes the host's.
    package var ehlo: String?
    package var network: NetworkOptions
    package var connectTimeout: Duration = .seconds(10)
    /// For each reply but the last.
    package var replyTimeout: Duration = .seconds(60)
    /// For the reply to the final dot (RFC 5321 §4.5.3.2.6): giving up early makes duplicates.
    package var finalTimeout: Duration = Self.finalWait

    private static let finalWait = Duration.seconds(600)
    /// The connection, ten replies (greeting, EHLO twice, STARTTLS, AUTH in three, MAIL, RCPT, DATA) and the one to the final dot.
    package static let longestDialogue = Duration.seconds(10 + 10 * 60) + finalWait

    package init(
        host: String, port: Int, security: Security, username: String? = nil, password: Secret? = nil,
        loginOptions: String? = nil, ehlo: String? = nil, network: NetworkOptions = NetworkOptions()
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.username = username
        self.password = password
        self.loginOptions = loginOptions
        self.ehlo = ehlo
        self.network = network
    }
}

/// What the server said last about one mail.
package struct MailResponse: Sendable, Equatable {
    /// Which command the server refused, or `accepted`.
    package enum Stage: String, Sendable { case greeting, hello, startTLS, login, sender, recipient, data, accepted }

    package var stage: Stage
    /// Three digits: 250, 450, 550, …
    package var code: Int
    /// RFC 3463, such as `5.1.1`; nil if the server gives none.
    package var enhanced: String?
    /// The server's own words, of the deciding reply. Holds the queue id of an accepted mail.
    package var text: String

    package init(stage: Stage, code: Int, enhanced: String? = nil, text: String = "") {
        self.stage = stage
        self.code = code
        self.enhanced = enhanced
        self.text = text
    }
}

/// What speaks SMTP: libcurl in the program, a script in tests.
package protocol MailTransport: Sendable {
    /// One mail, one answer. A refusal is an answer; an error means that none came: with `sent: true` the mail may have been
    /// accepted (no reply to the final dot).
    func send(_ mail: MailRequest) async throws(TransportError) -> MailResponse

    /// Greets the server, secures the connection, logs in and says NOOP. No mail.
    func greet(_ server: MailServer) async throws(TransportError) -> MailResponse
}
