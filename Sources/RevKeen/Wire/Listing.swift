package import RelayCore
import RelaySupport
import Transport

/// The entries of a list response, and what the response shows about this account's lists.
package struct Listing<Item: Sendable>: Sendable {
    /// The order of a list by `created_at`.
    /// RevKeen documents none.
    package enum Order: String, Sendable {
        case newest, oldest, none
        /// There are fewer than two different readable times, or some times cannot be read.
        case unknown
    }

    package var items: [Item]
    /// The number of entries without a usable id.
    package var skipped: Int
    /// The number of entries that the caller did not want again.
    package var repeated = 0
    /// What of the list could not be read, for people; nil if all was read.
    package var complaint: String?
    /// The bytes of the response.
    package var bytes = 0
    /// The response has the bytes that the caller knows already, so none of its entries were read.
    package private(set) var isUnchanged = false
    /// Nil if the response is cut.
    package internal(set) var fingerprint: Fingerprint?
    /// The response's `Date` header.
    package var date: Timestamp?
    /// The limit of the request, 1…100.
    package var limit: Int
    package var order: Order
    /// The names of members other than `object` and `data`; a member of an object is named like `pagination.total`.
    /// RevKeen documents none.
    package var pagingKeys: [String]
    /// `X-RateLimit-Limit`, in requests per minute.
    package var rateLimit: Int?

    package init(
        items: [Item], skipped: Int = 0, date: Timestamp? = nil, limit: Int = 100, order: Order = .unknown,
        pagingKeys: [String] = [], rateLimit: Int? = nil
    ) {
        self.items = items
        self.skipped = skipped
        self.date = date
        self.limit = limit
        self.order = order
        self.pagingKeys = pagingKeys
        self.rateLimit = rateLimit
    }

    /// The list has as many entries as the limit allows, so there may be more.
    package var isFull: Bool { items.count + skipped + repeated >= limit }

    /// A response that shows what was read before.
    init(unchanged response: HTTPResponse, _ fingerprint: Fingerprint?, limit: Int) {
        self.init(items: [], limit: limit, rateLimit: response.rateLimit)
        bytes = response.body.count
        isUnchanged = true
        self.fingerprint = fingerprint
    }
}

extension Listing where Item: WireItem {
    /// Reads the list entry by entry, each within the bounds of an item, as far as the limit.
    ///
    /// - Throws: `JSONSyntaxError` if the body is not JSON, or ends early although the response is whole.
    /// - Returns: nil if the body is not a list.
    init?(_ response: HTTPResponse, limit: Int, besides known: Set<String> = []) throws(JSONSyntaxError) {
        let document = try WireDocument(response.body, isCut: response.isCut)
        guard let place = document.list else { return nil }
        let list = try WireList<Item>(response.body, place, limit: limit, besides: known, isCut: response.isCut)
        self.init(
            items: list.items, skipped: list.skipped, date: response.date, limit: limit,
            order: Order(of: list.items.map { $0.createdAt?.moment }), pagingKeys: document.pagingKeys, rateLimit: response.rateLimit)
        complaint = list.complaint
        repeated = list.repeated
        bytes = response.body.count
    }
}

extension Listing.Order {
    init(of moments: [Timestamp?]) {
        let readable = moments.compactMap(\.self)
        let pairs = zip(readable, readable.dropFirst())
        let rises = pairs.contains { $0 < $1 }
        let falls = pairs.contains { $0 > $1 }
        self =
            switch (rises, falls) {
            case (true, true): .none
            case (false, false): .unknown
            case _ where readable.count < moments.count: .unknown
            case (true, false): .oldest
            case (false, true): .newest
            }
    }
}

extension HTTPResponse {
    var date: Timestamp? { header("date").flatMap { Timestamp(httpDate: $0) } }

    /// The stated rate limit in requests per minute; nil if it is missing or not a plausible number.
    var rateLimit: Int? { number("x-ratelimit-limit").flatMap { $0 >= 1 ? $0 : nil } }

    /// The requests that the host still allows; nil if it is missing or not a plausible number.
    var remaining: Int? { number("x-ratelimit-remaining") }

    private func number(_ name: String) -> Int? {
        let digits = header(name)?.prefix { $0.isASCII && $0.isNumber }
        guard let number = digits.flatMap({ Int($0) }), (0...1_000_000).contains(number) else { return nil }
        return number
    }
}
