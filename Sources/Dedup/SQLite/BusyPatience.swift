import Glibc
import RelaySupport

/// How long an access waits while another process holds the store: about five seconds, and not at all once the patience has ended.
final class BusyPatience: Sendable {
    private let hasEnded = Locked(false)

    private static let mostTries = 75
    /// The longest pause between two tries, in units of two milliseconds.
    private static let longestPause = 50

    func end() { hasEnded.withLock { $0 = true } }

    /// Pauses before the next try. Returns false if there is to be none.
    ///
    /// - Parameter tries: how many tries the access has made so far.
    func pauses(after tries: Int) -> Bool {
        guard tries < Self.mostTries, !hasEnded.withLock({ $0 }) else { return false }
        usleep(UInt32(min(tries + 1, Self.longestPause)) * 2_000)
        return true
    }
}
