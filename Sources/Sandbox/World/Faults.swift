/// How the stand-in misbehaves.
/// The defaults assume the worst where the documentation says nothing: no paging, and lists in no order.
package struct Faults: Sendable {
    package enum Order: Sendable { case shuffled, newest, oldest }
    package enum KeyScope: Sendable { case full, readOnly }
    package enum TimeFormat: Sendable { case iso8601, withoutZone, unixSeconds, unixMilliseconds }

    /// The number of requests allowed in a window of 60 s, which begins with its first request; further requests get a 429 response.
    /// Nil means no limit and no `X-RateLimit-…` headers.
    package var rateLimitPerMinute: Int?
    /// Every `n`-th request gets the response `status` and does nothing.
    package var failEvery: (n: Int, status: Int)?
    /// Every request gets this status and does nothing; nil means no fault.
    package var unavailable: Int?
    /// The `Retry-After` header of the two faults above, written as given; nil means no header.
    package var retryAfter: String?
    /// Every n-th request does nothing, and its connection ends without a response.
    package var dropEvery: Int?
    /// This many of the next POSTs are carried out or repeated, and then the connection ends without a response.
    package var lostAnswers = 0
    /// This many of the next POSTs with an `Idempotency-Key` get 409 `idempotency_in_progress`.
    package var inProgress = 0
    /// The delay before a request is handled.
    package var latency: Duration = .zero
    package var order = Order.shuffled
    /// Whether lists ignore `offset`.
    package var ignoreOffset = true
    /// The largest allowed `limit`; a larger one is a validation error.
    package var cap = 100
    package var keyScope = KeyScope.full
    /// Errors of 500 and above have the HTML body of a proxy.
    package var htmlErrors = false
    /// Unknown query parameters are errors.
    /// Otherwise they are ignored, as servers of this kind commonly do.
    package var rejectsUnknownQuery = false
    /// Status words that replace the default ones: `["pending": "needs_review"]`.
    package var words: [String: String] = [:]
    package var timeFormat = TimeFormat.iso8601

    package init() {}
}
