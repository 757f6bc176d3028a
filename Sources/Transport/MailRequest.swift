package import RelayCore
package import RelaySupport

/// One finished mail and its server. It has one recipient, so that every reply is about that recipient.
package struct MailRequest: Sendable {
    package var server: MailServer
    /// The envelope addresses: bare `local@domain`. One with CR, LF, NUL, space or angle brackets is refused before sending.
    package var from: String
    package var to: String
    /// The mail in RFC 5322 format, with CRLF at the end of every line.
    package var message: [UInt8]
    /// Asked before the text is sent; nil sends it at once.
    package var gate: (any HandoverGate)?

    package init(server: MailServer, from: String, to: String, message: [UInt8]) {
        self.server = server
        self.from = from
        self.to = to
        self.message = message
    }
}

/// A mail server and how to speak to it. Mails to equal servers share a connection.
package struct MailServer: Sendable, Hashable {
    package enum Security: String, Sendable {
        /// TLS from the first byte (`smtps://`, RFC 8314).
        case implicit
        /// STARTTLS, required and verified (RFC 3207).
        case startTLS
        /// No TLS: only for loopback or with `allow_plain: true`.
        case plain
    }

    package var host: String
    package var port: Int
    package var security: Security
    /// The scheme of its URL, which also says which proxy of the environment is taken.
    var scheme: String { security == .implicit ? "smtps" : "smtp" }
    package var username: String?
    package var password: Secret?
    /// libcurl's `LOGIN_OPTIONS`, such as `AUTH=PLAIN`; nil lets libcurl choose.
    package var loginOptions: String?
    /// The name that we give in EHLO; nil uses the name of this host.
    package var ehlo: String?
    package var network: NetworkOptions
    package var connectTimeout: Duration = .seconds(10)
    /// The time limit of each reply except the last.
    package var replyTimeout: Duration = .seconds(60)
    /// The time limit of the reply to the final dot (RFC 5321 §4.5.3.2.6); giving up early causes duplicates.
    package var finalTimeout: Duration = Self.finalWait

    private static let finalWait = Duration.seconds(600)
    /// The longest dialogue: the connection, ten replies (greeting, EHLO twice, STARTTLS, AUTH in three, MAIL, RCPT, DATA) and the reply to
    /// the final dot.
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

/// The server's deciding reply to one mail.
package struct MailResponse: Sendable, Equatable {
    /// The command that the server refused, or `accepted`.
    package enum Stage: String, Sendable { case greeting, hello, startTLS, login, sender, recipient, data, accepted }

    package var stage: Stage
    /// The reply code, three digits: 250, 450, 550, …
    package var code: Int
    /// The enhanced status code (RFC 3463), such as `5.1.1`; nil if the server gives none.
    package var enhanced: String?
    /// The server's own words in the deciding reply. For an accepted mail they hold the queue id.
    package var text: String
    /// The login was tried: AUTH was sent.
    package var wasLoginSent = false
    /// The mechanisms for a login that the server offered.
    package var offeredLogins: [String] = []

    package init(stage: Stage, code: Int, enhanced: String? = nil, text: String = "") {
        self.stage = stage
        self.code = code
        self.enhanced = enhanced
        self.text = text
    }
}

/// Speaks SMTP: libcurl in the program, a script in tests.
package protocol MailTransport: Sendable {
    /// Sends one mail and returns the deciding reply; a refusal is a reply too.
    ///
    /// - Throws: an error if no reply came. With `sent: true` the mail may have been accepted (no reply to the final dot).
    func send(_ mail: MailRequest) async throws(TransportError) -> MailResponse

    /// Asks whether the server would take a mail: connects, secures the connection, logs in, names the sender and the recipient, and takes
    /// it back. It sends no mail.
    func ask(_ server: MailServer, from: String, to: String) async throws(TransportError) -> MailResponse
}
