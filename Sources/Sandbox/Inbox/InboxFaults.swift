/// How the receivers misbehave.
package struct InboxFaults: Sendable {
    /// A refusal by an HTTP receiver.
    package struct Refusal: Sendable {
        package var status: Int
        /// The `Retry-After` header, written as given; nil means no header.
        package var retryAfter: String?
        package var body: String

        package init(_ status: Int, retryAfter: String? = nil, body: String = "") {
            self.status = status
            self.retryAfter = retryAfter
            self.body = body
        }
    }

    /// The refusals for the next posts, one each.
    /// After them, posts are accepted.
    package var next: [Refusal] = []
    /// The refusal for every post; nil means no fault.
    package var always: Refusal?
    /// The number of posts accepted within one second of the clock; nil means no limit.
    /// Further posts get the receiver's own 429 response, which for plain hooks has `Retry-After: 1`.
    package var capacityPerSecond: Int?
    /// Every n-th HTTP request fails before anything is done: by turns with a rate limit, a server error and a dropped connection.
    package var every: Int?
    /// This many of the next posts are accepted, and then the connection ends without a response.
    package var lostAnswers = 0
    /// The delay before a post gets its response.
    package var hookDelay: Duration = .zero
    /// The delay between the final dot of a mail and its reply.
    package var mailDelay: Duration = .zero
    /// The reply to RCPT by lower-case address: `450 4.2.0 try later`, `550 5.1.1 no such mailbox`.
    package var recipients: [String: String] = [:]
    /// The reply to the final dot of a refused mail: `451 4.3.0 try later`; nil means the mail is accepted.
    package var mailRefusal: String?
    /// This many of the next mails are accepted, and then the connection ends without a reply.
    package var dropsAfterDot = 0
    /// AUTH gets the reply 535.
    package var refusesPassword = false

    package init() {}
}
