/// Whether finished runs are read again, because notifications can follow the end of a run.
///
/// All are read while late looks bring something. The more of them brought nothing, the fewer runs are read again, and never fewer than one
/// in twenty, so that a change is noticed.
package struct LateLooks: Sendable, Equatable {
    /// So many late looks in vain are no reason yet to make fewer.
    private static let patience = 40.0
    private static let least = 1.0 / 20

    /// What a late look competes with, in events a second: one event in ten hours.
    package static let rate = 1.0 / 36_000

    /// The late looks in a row that brought nothing.
    package private(set) var inVain: Double

    package init(inVain: Double = 0) { self.inVain = inVain.isFinite ? max(0, inVain) : 0 }

    package mutating func saw(somethingNew: Bool) { inVain = somethingNew ? 0 : min(inVain + 1, 1e6) }

    /// The share of finished runs that are read again.
    package var share: Double { inVain <= Self.patience ? 1 : max(Self.least, Self.patience / inVain) }

    /// Whether a run is among those that are read again. One run gets the same answer while the share stays.
    ///
    /// - Parameter mark: a hash of the run's id.
    package func includes(mark: UInt64) -> Bool { Double(mark % 10_000) < share * 10_000 }
}
