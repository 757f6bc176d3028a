package import RelayCore
import Transport

/// What a list says, and what it shows of how this account's lists behave.
package struct Listing<Item: Sendable>: Sendable {
    /// By `created_at`. None is documented.
    package enum Order: String, Sendable {
        case newest, oldest, none
        /// Fewer than two different readable times, or some that cannot be read.
        case unknown
    }

    package var items: [Item]
    /// Entries without a usable id.
    package var skipped: Int
    /// The answer's `Date`.
    package var date: Timestamp?
    /// As asked for, 1…100.
    package var limit: Int
    package var order: Order
    /// Members beside `object` and `data`, those of an object as `pagination.total`; none is documented.
    package var pagingKeys: [String]
    /// What a paging member says, if one says so.
    package var hasMore: Bool?
    /// `X-RateLimit-Limit`, requests a minute.
    package var rateLimit: Int?
    /// `RevKeen-Version`: the version that RevKeen used.
    package var version: String?

    package init(
        items: [Item], skipped: Int = 0, date: Timestamp? = nil, limit: Int = 100, order: Order = .unknown,
        pagingKeys: [String] = [], hasMore: Bool? = nil, rateLimit: Int? = nil, version: String? = nil
    ) {
        self.items = items
        self.skipped = skipped
        self.date = date
        self.limit = limit
        self.order = order
        self.pagingKeys = pagingKeys
        self.hasMore = hasMore
        self.rateLimit = rateLimit
        self.version = version
    }

    /// As many came as were asked for: there may be more.
    package var isFull: Bool { items.count + skipped >= limit }
}

extension Listing where Item: WireItem {
    /// Nil if the body is no list.
    init?(_ json: JSONValue, answer: HTTPResponse, limit: Int) {
        guard let entries = json.array ?? json["data"]?.array else { return nil }
        let items = entries.compactMap(Item.init(json:))
        self.init(
            items: items, skipped: entries.count - items.count, date: answer.date, limit: limit,
            order: Order(of: items.map { $0.createdAt?.moment }), pagingKeys: json.pagingKeys, hasMore: json.hasMore,
            rateLimit: answer.rateLimit, version: answer.header("revkeen-version")?.repaired(most: 40))
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

    fileprivate var hasMore: Bool? {
        [self["pagination"], self["meta"], self].lazy.compactMap { $0?["has_more"]?.bool ?? $0?["hasMore"]?.bool }.first
    }
}

extension HTTPResponse {
    var date: Timestamp? { header("date").flatMap(Timestamp.init(httpDate:)) }

    /// Nil unless it is a number that a limit can be.
    var rateLimit: Int? {
        let digits = header("x-ratelimit-limit")?.prefix { $0.isASCII && $0.isNumber }
        guard let limit = digits.flatMap({ Int($0) }), (1...1_000_000).contains(limit) else { return nil }
        return limit
    }
}
