/// Counts the looks that are under way at what failed last time.
struct FailingLooks: Sendable {
    /// The most runs that are remembered as failed. Beyond that all are forgotten, which costs order and nothing else.
    private static let most = 10_000

    private let places: Int
    /// The lists that failed last and are read now.
    var lists = 0
    private var failed: Set<String> = []
    private var inFlight: Set<String> = []

    init(places: Int) { self.places = max(2, places) }

    var hasRoomForList: Bool { lists < min(places, LookQueue.mostLists) / 2 && hasRoom }

    private var hasRoom: Bool { lists + inFlight.count < places / 2 }

    /// The runs whose details have no place now because they failed last; nil if there is room for them.
    var details: Set<String>? { hasRoom || failed.isEmpty ? nil : failed }

    mutating func began(detail run: String) {
        if failed.contains(run) { inFlight.insert(run) }
    }

    mutating func ended(detail run: String, failed isFailed: Bool) {
        inFlight.remove(run)
        guard isFailed else {
            failed.remove(run)
            return
        }
        if failed.count >= Self.most { failed = [] }
        failed.insert(run)
    }
}
