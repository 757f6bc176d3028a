/// The places for requests in flight, and the queue of callers that wait for one.
struct PlaceQueue {
    typealias Waiter = CheckedContinuation<Void, any Error>

    private let places: Int
    private var inFlight = 0
    private var line: [(urgency: RequestBudget.Urgency, number: Int, waiter: Waiter)] = []
    private var lastNumber = 0

    init(places: Int) { self.places = places }

    var waiting: Int { line.count }

    mutating func nextNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    /// Takes a place and returns true, or queues the waiter and returns false.
    /// A later `leave()` returns the waiter, and its caller resumes it.
    mutating func enter(_ urgency: RequestBudget.Urgency, number: Int, waiter: Waiter) -> Bool {
        if isFree(for: urgency) && !line.contains(where: { $0.urgency <= urgency }) {
            inFlight += 1
            return true
        }
        line.append((urgency, number, waiter))
        return false
    }

    /// Frees a place and returns the waiters that now have one.
    /// The caller must resume each of them.
    mutating func leave() -> [Waiter] {
        inFlight -= 1
        var admitted: [Waiter] = []
        while let next = line.indices.min(by: { (line[$0].urgency, line[$0].number) < (line[$1].urgency, line[$1].number) }),
            isFree(for: line[next].urgency)
        {
            inFlight += 1
            admitted.append(line.remove(at: next).waiter)
        }
        return admitted
    }

    mutating func remove(_ number: Int) -> Waiter? {
        line.firstIndex { $0.number == number }.map { line.remove(at: $0).waiter }
    }

    /// Whether this urgency may take a place.
    /// The rest leaves two places free, and approvals leave one free for decisions.
    private func isFree(for urgency: RequestBudget.Urgency) -> Bool { inFlight < places - urgency.rawValue }
}
