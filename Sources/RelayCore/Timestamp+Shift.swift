extension Timestamp {
    /// Moves the moment by as much as the wall clock was set, so that what waits for it waits as long as it would have. `distantPast` and
    /// `distantFuture`, which mean *at once* and *never*, stay as they are.
    package mutating func shift(by difference: Duration) {
        if self > .distantPast, self < .distantFuture { self = self + difference }
    }
}
