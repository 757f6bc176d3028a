package import RelayCore

/// How many deliveries a lane claims at once: more while it uses up what it claims within a moment, so that few transactions are needed.
package struct ClaimBatch: Sendable {
    private static let most = 256
    private static let moment = Duration.milliseconds(500)

    private var size = 0
    private var wasFull = false
    private var claimedAt = Timestamp.distantPast

    package init() {}

    /// - Parameters:
    ///   - least: for a lane of which nothing is known.
    ///   - room: the messages that the pace lets through now; nil if there is no pace.
    package mutating func next(least: Int, room: Int?, at now: Timestamp) -> Int {
        let isQuick = wasFull && now < claimedAt + Self.moment
        size = isQuick ? min(max(size, least) * 2, max(Self.most, least)) : least
        return max(1, min(size, room ?? size))
    }

    package mutating func claimed(_ count: Int, of wanted: Int, at now: Timestamp) {
        wasFull = count >= wanted
        claimedAt = now
    }
}
