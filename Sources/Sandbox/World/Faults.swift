/// How the stand-in misbehaves. The defaults are what the documentation leaves open: no paging, lists in no order.
package struct Faults: Sendable {
    package enum Order: Sendable { case shuffled, newest, oldest }
    package enum KeyScope: Sendable { case full, readOnly }
    package enum TimeFormat: Sendable { case iso8601, withoutZone, unixSeconds, unixMilliseconds }

    /// Requests in any window of 60 s that begins with the first of them; more are answered 429. Nil: no limit, and no
    /// `X-RateLimit-…` headers.
    package var rateLimitPerMinute: Int?
    /// Every `n`-th request is answered `status`, and does nothing.
    package var failEvery: (n: Int, status: Int)?
    /// Every request is answered this, and does nothing.
    package var unavailable: Int?
    /// `Retry-After` of the two above, as it shall be written.
    package var retryAfter: String?
    /// Every n-th connection ends without an answer, and nothing was done.
    package var dropEvery: Int?
    /// So many of the next POSTs are done, and then the connection ends without an answer.
    package var lostAnswers = 0
    /// So many of the next POSTs with an `Idempotency-Key` are answered 409 `idempotency_in_progress`.
    package var inProgress = 0
    /// Waited before anything is done.
    package var latency: Duration = .zero
    package var order = Order.shuffled
    /// False: lists honour `offset`.
    package var ignoreOffset = true
    /// The largest `limit`; more is a validation error.
    package var cap = 100
    package var keyScope = KeyScope.full
    /// Errors of 500 and more come as a page from a proxy.
    package var htmlErrors = false
    /// Else they are ignored, as servers of this kind commonly do.
    package var rejectsUnknownQuery = false
    /// Status words to say instead of ours: `["pending": "needs_review"]`.
    package var words: [String: String] = [:]
    package var timeFormat = TimeFormat.iso8601

    package init() {}
}
