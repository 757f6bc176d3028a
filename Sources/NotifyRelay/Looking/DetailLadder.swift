import RelayCore

/// When a run's detail is looked at again.
///
/// A finished run is read at once and then 2 min, 10 min, 1 h and 24 h after its completion, because notifications can follow it. A
/// later look that brings something starts that ladder again.
enum DetailLadder {
    static let steps: [Duration] = [.seconds(120), .seconds(600), .seconds(3_600), .seconds(86_400)]

    struct Next: Sendable, Equatable {
        var rung: Int
        /// Nil: settled, not looked at again.
        var dueAt: Timestamp?
    }

    /// - Parameters:
    ///   - rung: how many looks at the finished run there were before this one.
    ///   - due: when this look was due; the ladder's start is reckoned from it.
    ///   - completed: nil if it could not be read.
    static func finished(rung: Int, due: Timestamp, completed: Timestamp?, brought: Bool, now: Timestamp) -> Next {
        // The store holds the rung, so any number can stand there.
        let rung = max(0, rung)
        let start: Timestamp =
            if rung == 0 {
                min(completed ?? now, now)
            } else if brought {
                now
            } else {
                due - steps[min(rung, steps.count) - 1]
            }
        guard let next = steps.firstIndex(where: { start + $0 > now }) else { return Next(rung: steps.count + 1, dueAt: nil) }
        return Next(rung: next + 1, dueAt: start + steps[next])
    }

    /// An unfinished run: 10 s, and half as long again after each look that brought nothing, at most `slowest`.
    static func unfinished(rung: Int, brought: Bool, fastest: Duration, slowest: Duration, now: Timestamp) -> Next {
        let rung = brought ? 0 : min(max(0, rung), 11) + 1
        var pace = fastest
        for _ in 0..<rung { pace = min(pace * 1.5, slowest) }
        return Next(rung: rung, dueAt: now + pace)
    }
}
