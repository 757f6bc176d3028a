import RelayCore
import Transport

/// One row of the table of refusals by mail servers. The first row that fits a reply decides.
struct MailVerdict: Sendable {
    /// What a refusal is about.
    enum Subject: String, Sendable, CaseIterable {
        case message = "this message"
        case recipient = "this recipient"
        case us
        case unknown
    }

    /// The row fits these enhanced status codes, also as a beginning that ends with a dot; empty fits every code.
    var codes: [String] = []
    /// The row fits a text with one of these parts, in lower case; empty fits every text.
    var words: [String] = []
    /// The row fits a refusal of these commands; empty fits each.
    var stages: [MailResponse.Stage] = []
    /// The row fits these reply codes; empty fits each of its class.
    var replies: [Int] = []
    var subject: Subject
    var verdict: DeliveryError.Verdict
    var reason: DeliveryError.Reason
    /// Where the rule comes from.
    var source: String

    init(
        _ subject: Subject, _ verdict: DeliveryError.Verdict, _ reason: DeliveryError.Reason = .rejected, codes: [String] = [],
        words: [String] = [], stages: [MailResponse.Stage] = [], replies: [Int] = [], source: String
    ) {
        self.subject = subject
        self.verdict = verdict
        self.reason = reason
        self.codes = codes
        self.words = words
        self.stages = stages
        self.replies = replies
        self.source = source
    }

    func fits(_ response: MailResponse) -> Bool {
        let enhanced = response.enhanced ?? "", text = response.text.lowercased()
        return (codes.isEmpty || codes.contains { $0.hasSuffix(".") ? enhanced.hasPrefix($0) : enhanced == $0 })
            && (words.isEmpty || words.contains(where: text.contains))
            && (stages.isEmpty || stages.contains(response.stage)) && (replies.isEmpty || replies.contains(response.code))
    }

    /// A provider's quota resets within hours, and no reply says when; the lane tries again every hour.
    static let quota = DeliveryError.Verdict.unavailable(after: .seconds(3_600))
    /// About us, and without a known end: the lane probes.
    static let us = DeliveryError.Verdict.unavailable(after: nil)
    /// Greylisting asks for minutes, not seconds (RFC 6647 §2.5 calls 1 to 15 min usual).
    static let minutes = DeliveryError.Verdict.retry(after: .seconds(300))

    /// The rows for lasting refusals (5xx): known texts first, then enhanced codes, then the command that was refused.
    static let lasting: [MailVerdict] = words + enhanced + commands

    private static let words: [MailVerdict] = [
        MailVerdict(
            .us, quota, .rateLimited,
            words: [
                "maximum credits exceeded", "daily limit", "daily sending", "daily user sending", "sending limit", "sending quota",
                "quota of messages", "message quota", "messages per hour", "messages per day", "rate limit", "ratelimit", "sending rate",
                "rate exceeded", "too many messages", "too much mail", "too many emails", "throttl",
            ], source: "Texts of SendGrid, Exchange Online, Gmail, Amazon SES and Postfix for a quota or a rate of the sender"),
        MailVerdict(
            .us, quota, .rateLimited, codes: ["5.7."], words: ["quota"],
            source: "iRedAPD and cbpolicyd behind Postfix: 5.7 is about policy (RFC 3463 §3.8), while a full mailbox is 5.2"),
        MailVerdict(
            .us, us,
            words: [
                "helo command rejected", "ehlo command rejected", "invalid helo", "invalid ehlo", "need fully-qualified hostname",
                "bad helo", "helo name", "helo/ehlo",
            ], source: "Postfix `reject_*_helo_hostname`, Exim, Exchange: our name in EHLO"),
        MailVerdict(
            .us, us,
            words: [
                "sendasdenied", "sender address rejected", "not owned by user", "sender not authorized", "sender denied",
                "not allowed to send as", "not authorized to send", "is not verified", "invalid sender", "sender verify failed",
                "sender rejected", "from address",
            ], source: "Exchange SendAsDenied, Postfix `reject_sender_login_mismatch`, Amazon SES: our sender"),
        MailVerdict(
            .us, us, words: ["relay access denied", "relaying denied", "unable to relay", "not permitted to relay", "relay not permitted"],
            source: "Postfix, Sendmail, Exchange, Exim: it does not relay for us"),
        MailVerdict(
            .us, us,
            words: [
                "client host rejected", "blocked using", "blocklist", "blacklist", "block list", "spamhaus", "poor reputation",
                "bad reputation", "your ip", "service unavailable; client", "reverse dns", "ptr record",
            ], source: "Postfix `reject_rbl_client`, Outlook, Gmail: our address"),
        MailVerdict(
            .us, .gone, .unauthorized, words: ["must issue a starttls", "authentication required", "not authenticated"],
            source: "RFC 4954 §6, RFC 3207 §4, Exchange 5.7.57"),
        MailVerdict(
            .unknown, .doubtful, codes: ["5.7."], words: ["recipient address rejected"], stages: [.recipient, .data],
            source: "Postfix says this of each REJECT in smtpd_recipient_restrictions, also of one that is about us"),
        MailVerdict(
            .message, .refused, words: ["spam", "virus", "malware", "content rejected", "message content"], stages: [.data],
            source: "Texts of content filters"),
        MailVerdict(
            .recipient, .refused,
            words: [
                "user unknown", "unknown user", "no such user", "no such recipient", "no such mailbox", "mailbox unavailable",
                "mailbox not found", "does not exist", "recipient address rejected", "recipient rejected", "invalid recipient",
                "unknown recipient", "address unknown", "unrouteable address", "account is disabled", "no mailbox",
            ], stages: [.recipient, .data], source: "Postfix, Exim, Exchange, Gmail: no such recipient"),
    ]

    private static let enhanced: [MailVerdict] = [
        MailVerdict(.us, quota, .rateLimited, codes: ["5.4.5", "5.1.90"], source: "Gmail 5.4.5, Exchange Online 5.1.90: the day's limit"),
        MailVerdict(
            .us, .gone, .unauthorized, codes: ["5.7.8", "5.7.9", "5.7.11", "5.7.139", "5.7.57"],
            source: "RFC 4954 §6, Exchange Online: the login"),
        MailVerdict(
            .us, us, codes: ["5.7.20", "5.7.21", "5.7.22", "5.7.23", "5.7.24", "5.7.25", "5.7.26", "5.7.27", "5.7.28"],
            source: "RFC 7372, RFC 7505 §4.2: SPF, DKIM, DMARC, reverse DNS"),
        MailVerdict(.us, us, codes: ["5.1.7", "5.1.8", "5.2.252"], source: "RFC 3463 §3.2, Exchange Online: our sender address"),
        MailVerdict(
            .message, .trimmings, .tooLarge, codes: ["5.3.4", "5.2.3"], source: "RFC 3463 §3.3, §3.4: too large; sent without HTML"),
        MailVerdict(
            .us, quota, .rateLimited, codes: ["5.2.2"], stages: [.sender],
            source: "RFC 3463 §3.3: no recipient is named yet, so the account that is full is ours"),
        MailVerdict(
            .us, quota, .rateLimited, words: ["quota", "mailbox full", "mailbox is full"], stages: [.sender], replies: [552],
            source: "The same without an enhanced code"),
        MailVerdict(
            .message, .trimmings, .tooLarge, words: ["size", "big", "large"], stages: [.sender], replies: [552],
            source: "RFC 1870 §6.1: 552 to MAIL is about SIZE"),
        MailVerdict(
            .unknown, .doubtful, stages: [.sender], replies: [552],
            source: "RFC 5321 §4.2.3, “exceeded storage allocation”, which servers say of a quota and of a size"),
        MailVerdict(.recipient, minutes, codes: ["5.2.2"], stages: [.recipient], source: "RFC 3463 §3.3: the recipient's mailbox is full"),
        MailVerdict(
            .recipient, .refused, codes: ["5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1", "5.4.4", "5.6.7"],
            stages: [.recipient, .data], source: "RFC 3463 §3.2, RFC 7505, RFC 6531: the recipient's address"),
        MailVerdict(.message, .refused, codes: ["5.6."], stages: [.data], source: "RFC 3463 §3.7: the content"),
        MailVerdict(.us, us, codes: ["5.3."], source: "RFC 3463 §3.4: the mail system"),
    ]

    private static let commands: [MailVerdict] = [
        MailVerdict(.us, .gone, .unauthorized, stages: [.login], source: "RFC 4954: the login"),
        MailVerdict(.us, .gone, .unauthorized, replies: [530, 534, 535, 538], source: "RFC 4954 §6: the login"),
        MailVerdict(.us, .gone, .tls, stages: [.startTLS], source: "RFC 3207: TLS"),
        MailVerdict(.us, us, stages: [.greeting, .hello], source: "RFC 5321 §3.1, §4.2.4: the server takes nothing from us"),
        MailVerdict(.us, us, stages: [.sender], source: "RFC 5321 §3.3: the sender"),
        MailVerdict(.recipient, minutes, stages: [.recipient], replies: [552], source: "RFC 5321 §4.5.3.1.10: 552 to RCPT passes"),
        MailVerdict(
            .recipient, .refused, stages: [.recipient], replies: [551, 553, 555], source: "RFC 5321 §4.2.3: the recipient's address"),
        MailVerdict(.unknown, .doubtful, source: "any other 5xx"),
    ]

    /// The rows for passing refusals (4xx).
    static let passing: [MailVerdict] = [
        MailVerdict(
            .us, .throttled(after: .seconds(60)), .rateLimited,
            words: ["rate limit", "ratelimit", "sending rate", "too much mail", "too many messages", "too many emails", "throttl"],
            source: "Texts of Postfix, Exchange and Gmail for a rate"),
        MailVerdict(.us, .retry(after: .seconds(60)), .serverError, replies: [421], source: "RFC 5321 §4.2.3: the server goes away"),
        MailVerdict(.message, .retry(after: nil), codes: ["4.5.3"], source: "RFC 3463 §3.6: too many recipients"),
        MailVerdict(.us, .retry(after: nil), .serverError, codes: ["4.4.2"], source: "RFC 3463 §3.5: the connection broke"),
        MailVerdict(.recipient, minutes, replies: [450, 451, 452], source: "RFC 6647 §2.5: greylisting; RFC 5321 §4.2.3: full or busy"),
        MailVerdict(.us, .retry(after: nil), .serverError, source: "any other 4xx"),
    ]
}
