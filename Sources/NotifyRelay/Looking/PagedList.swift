import Dedup
import RelayCore
import RevKeen

/// A list of the API that may have more entries than one response shows, and what is done with its entries.
struct PagedList<Item: WireItem & ListedItem>: Sendable {
    var name: ListName
    /// How it is called in a report.
    var what: String
    /// Reads the page at an offset, without the entries that are in memory already.
    var page: @Sendable (_ offset: Int, _ known: Set<String>) async throws -> Listing<Item>
    /// Reads the entries with one status, without those that are in memory already.
    var withStatus: @Sendable (_ word: String, _ known: Set<String>) async throws -> Listing<Item>
    /// Stores entries, and returns whether one of them was new or changed. When it returns, they are as good as told.
    var store: @Sendable (_ items: [Item]) async throws -> Bool
    /// Whether an entry ended before `since`, so that nothing of it is told.
    var isPast: @Sendable (Item) -> Bool
    /// Whether a sight of it names its entries.
    var namesEntries = false

    /// The list as gaps name it.
    var feed: Gap.Feed { name.feed == .runs ? .runs : .approvals }
    var about: String { name.about }
}

extension Gap {
    var list: ListName { ListName(feed: feed == .runs ? .runs : .approvals, about: about) }
}

/// What a look at a list brought.
struct Sight: Sendable {
    /// Whether the ids are collected. A list of runs may have more of them than fit into memory, and nobody asks for them.
    var namesEntries = true
    var ids: Set<String> = []
    /// An entry was new or changed.
    var isNews = false

    mutating func add<Item: Identified>(_ items: [Item], isNews: Bool) {
        if namesEntries { ids.formUnion(items.map(\.id)) }
        self.isNews = self.isNews || isNews
    }
}

/// An item that lists are paged and compared by.
protocol Identified { var id: String { get } }
extension Automation: Identified {}

/// An item of a list that can be asked for by its status.
protocol ListedItem: Identified { var status: String? { get } }
extension Run: ListedItem {}
extension Approval: ListedItem {}

/// Whether the API pages its lists by `offset`, which it does not promise. "Not tried" is not "no".
struct Paging {
    private enum Known { case nothing, works, isRefused }

    private static let again = Duration.seconds(86_400)
    private var known = Known.nothing
    private var nextTry = Timestamp.distantPast

    func mayBeAsked(at now: Timestamp) -> Bool { known != .isRefused || now >= nextTry }

    var isKnownToWork: Bool { known == .works }

    mutating func works() { known = .works }

    mutating func isRefused(at now: Timestamp) {
        known = .isRefused
        nextTry = now + Self.again
    }

    mutating func shift(by difference: Duration) { nextTry.shift(by: difference) }
}

extension Listing {
    /// The number of entries, whether they could be read or not.
    var count: Int { items.count + skipped + repeated }

    /// New entries stand at the top, as far as the times tell: what is below a known entry is known.
    var isNewestFirst: Bool { order == .newest || order == .unknown }

    /// The same bytes mean that nothing is new. Where new entries may stand below a full page, they do not.
    var tellsWhole: Bool { isNewestFirst || !isFull }
}

extension RevKeenError.Reason {
    /// RevKeen refused the request for good, rather than for now.
    var isRefusalOfQuery: Bool { self == .badRequest || self == .unprocessable || self == .notFound || self == .forbidden }
}
