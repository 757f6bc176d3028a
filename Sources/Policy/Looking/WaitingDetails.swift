import RelayCore

/// The details that are due and not taken yet. The certain ones are kept in the order in which they are read, so that the next one is found
/// at once however many wait.
struct WaitingDetails: Sendable {
    /// The first to be read stands last.
    private var certain: [LookQueue.Detail] = []
    /// Looks that may find nothing, in no order.
    private var guessed: [LookQueue.Detail] = []

    var count: Int { certain.count + guessed.count }

    mutating func replace(with offered: some Sequence<LookQueue.Detail>) {
        (certain, guessed) = ([], [])
        add(offered)
    }

    mutating func add(_ more: some Sequence<LookQueue.Detail>) {
        for detail in more {
            if detail.kind == .guessed { guessed.append(detail) } else { certain.append(detail) }
        }
        certain.sort { $1.isBefore($0) }
    }

    /// The next of those that surely bring something; nil if none is due.
    ///
    /// - Parameter held: runs that have to wait; nil if none has.
    func firstCertain(at now: Timestamp, besides held: Set<String>? = nil) -> LookQueue.Detail? {
        certain.last { $0.dueAt <= now && held?.contains($0.run) != true }
    }

    /// The guessed one that is due and worth the most.
    func best(
        at now: Timestamp, besides held: Set<String>?, worth: (LookQueue.Detail) -> Double
    ) -> (detail: LookQueue.Detail, worth: Double)? {
        var best: (detail: LookQueue.Detail, worth: Double)?
        for detail in guessed where detail.dueAt <= now && held?.contains(detail.run) != true {
            let worth = worth(detail)
            if worth > best?.worth ?? -1 { best = (detail, worth) }
        }
        return best
    }

    mutating func take(_ run: String) {
        if let place = certain.lastIndex(where: { $0.run == run }) { certain.remove(at: place) }
        if let place = guessed.firstIndex(where: { $0.run == run }) { guessed.remove(at: place) }
    }

    /// When the next one becomes due; in the past if one is.
    func nextDueAt(besides held: Set<String>?) -> Timestamp {
        var next = Timestamp.distantFuture
        for index in certain.indices where held?.contains(certain[index].run) != true { next = min(next, certain[index].dueAt) }
        for index in guessed.indices where held?.contains(guessed[index].run) != true { next = min(next, guessed[index].dueAt) }
        return next
    }

    mutating func shift(by difference: Duration) {
        for index in certain.indices { certain[index].dueAt.shift(by: difference) }
        for index in guessed.indices { guessed[index].dueAt.shift(by: difference) }
    }
}
