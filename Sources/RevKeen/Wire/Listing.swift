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
    package var isFull: Bool { items.count + skipped >= limit }
}

extension Listing where Item: WireItem {
    /// Returns nil if the body is not a list.
    init?(_ json: JSONValue, response: HTTPResponse, limit: Int) {
        guard let entries = json.array ?? json["data"]?.array else { return nil }
        let items = entries.compactMap(Item.init(json:))
        self.init(
            items: items, skipped: entries.count - items.count, date: response.date, limit: limit,
            order: Order(of: items.map { $0.createdAt?.moment }), pagingKeys: json.pagingKeys,
            rateLimit: response.rateLimit)
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

extension JSONValue {
    fileprivate var pagingKeys: [String] {
        let members = (object ?? [:]).filter { !["object", "data", "requestId", "request_id"].contains($0.key) }
        let names = members.flatMap { name, value in (value.object?.keys).map { $0.map { "\(name).\($0)" } } ?? [name] }
        return names.sorted().prefix(20).map { $0.repaired(most: 60) }
    }
}

extension HTTPResponse {
    var date: Timestamp? { header("date").flatMap { Timestamp(httpDate: $0) } }

    /// The stated rate limit in requests per minute; nil if it is missing or not a plausible number.
    var rateLimit: Int? {
        let digits = header("x-ratelimit-limit")?.prefix { $0.isASCII && $0.isNumber }
        guard let limit = digits.flatMap({ Int($0) }), (1...1_000_000).contains(limit) else { return nil }
        return limit
    }
}
