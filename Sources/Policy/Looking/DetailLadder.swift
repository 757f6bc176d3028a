package import RelayCore

/// Says when a run's detail is looked at again.
///
/// A finished run is read at once and then 2 min, 10 min, 1 h and 24 h after its completion, because notifications can follow it. A
/// later look that brings something new starts the ladder again.
package enum DetailLadder {
    static let steps: [Duration] = [.seconds(120), .seconds(600), .seconds(3_600), .seconds(86_400)]

    /// The next look at the run.
    package struct Next: Sendable, Equatable {
        /// The number of looks so far, as it is stored.
        package var rung: Int
        /// When the next look is due; nil if there is none, because the run is settled.
        package var dueAt: Timestamp?
    }

    /// - Parameters:
    ///   - rung: the step that this look is, from 1, as stored; 0 for the first look at the finished run.
    ///   - due: when this look was due; the start of the ladder is computed from it.
    ///   - completed: when the run completed; nil if the time could not be read.
    ///   - brought: this look showed something new.
    package static func finished(rung: Int, due: Timestamp, completed: Timestamp?, brought: Bool, now: Timestamp) -> Next {
        // The rung comes from the store, so it can be any number.
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
}
