import RelayCore

/// The sleeping tasks of a loop, in a heap by the moment at which they wake up. It is used on the loop's thread alone.
struct LoopTimers {
    /// One sleeping task.
    ///
    /// `@unchecked Sendable`: everything in it is used on the loop's thread alone.
    final class Sleeper: @unchecked Sendable {
        fileprivate var wakesAt = ContinuousClock.now
        /// Where it stands in the heap; nil outside of it.
        fileprivate var place: Int?
        fileprivate var continuation: CheckedContinuation<Bool, Never>?
        private var isCancelled = false

        /// Resumes the task: true after its time, false if it was cancelled before.
        fileprivate func wake(inTime: Bool) {
            continuation?.resume(returning: inTime)
            continuation = nil
        }

        /// A cancellation may come before the sleep begins.
        fileprivate func cancel() { isCancelled = true }

        fileprivate func begin(_ continuation: CheckedContinuation<Bool, Never>, until end: ContinuousClock.Instant) -> Bool {
            self.continuation = continuation
            wakesAt = end
            if isCancelled { wake(inTime: false) }
            return !isCancelled
        }
    }

    private var heap: [Sleeper] = []

    /// When the next one wakes up; nil if none sleeps.
    var next: ContinuousClock.Instant? { heap.first?.wakesAt }

    mutating func add(_ sleeper: Sleeper, _ continuation: CheckedContinuation<Bool, Never>, until end: ContinuousClock.Instant) {
        guard sleeper.begin(continuation, until: end) else { return }
        heap.append(sleeper)
        sleeper.place = heap.count - 1
        rise(from: heap.count - 1)
    }

    mutating func cancel(_ sleeper: Sleeper) {
        sleeper.cancel()
        if let place = sleeper.place { remove(at: place) }
        sleeper.wake(inTime: false)
    }

    /// Wakes those whose time has come.
    mutating func fire(at now: ContinuousClock.Instant) {
        while let first = heap.first, first.wakesAt <= now {
            remove(at: 0)
            first.wake(inTime: true)
        }
    }

    mutating func cancelAll() {
        let all = heap
        heap = []
        for sleeper in all {
            sleeper.place = nil
            sleeper.wake(inTime: false)
        }
    }

    private mutating func remove(at place: Int) {
        swap(place, heap.count - 1)
        heap.removeLast().place = nil
        guard place < heap.count else { return }
        rise(from: place)
        sink(from: place)
    }

    private mutating func swap(_ one: Int, _ other: Int) {
        heap.swapAt(one, other)
        heap[one].place = one
        heap[other].place = other
    }

    private mutating func rise(from start: Int) {
        var place = start
        while place > 0, heap[place].wakesAt < heap[(place - 1) / 2].wakesAt {
            swap(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink(from start: Int) {
        var place = start
        while true {
            var first = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child].wakesAt < heap[first].wakesAt {
                first = child
            }
            if first == place { return }
            swap(place, first)
            place = first
        }
    }
}
