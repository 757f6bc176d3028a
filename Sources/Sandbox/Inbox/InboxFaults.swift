/// How the receivers misbehave.
package struct InboxFaults: Sendable {
    /// One refusal of an HTTP receiver.
    package struct Refusal: Sendable {
        package var status: Int
        /// As it shall be written.
        package var retryAfter: String?
        package var body: String

        package init(_ status: Int, retryAfter: String? = nil, body: String = "") {
            self.status = status
            self.retryAfter = retryAfter
            self.body = body
        }
    }

    /// Answered to the next posts, one each; then all is well.
    package var next: [Refusal] = []
    /// Answered to every post.
    package var always: Refusal?
    /// Posts taken in one second of the clock; more are answered 429 with `Retry-After: 1`.
    package var capacityPerSecond: Int?
    /// Every n-th request to a double is refused before anything is done: too many, a failed server, a cut connection, by turns.
    package var every: Int?
    /// So many of the next posts are taken, and then the connection ends without an answer.
    package var lostAnswers = 0
    /// Waited before a post is answered.
    package var hookDelay: Duration = .zero
    /// Waited between the final dot of a mail and its answer.
    package var mailDelay: Duration = .zero
    /// What RCPT answers for an address (lower case): `450 4.2.0 try later`, `550 5.1.1 no such mailbox`.
    package var recipients: [String: String] = [:]
    /// What the final dot is answered, the mail not being taken: `451 4.3.0 try later`.
    package var mailRefusal: String?
    /// So many of the next mails are taken, and then the connection ends without an answer.
    package var dropsAfterDot = 0
    /// AUTH is answered 535.
    package var refusesPassword = false

    package init() {}
}
