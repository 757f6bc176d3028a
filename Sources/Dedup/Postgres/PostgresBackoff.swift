import Glibc

/// When a server that could not be reached is tried again: after 50 ms at first, and after 2 s at most.
struct PostgresBackoff {
    private var last: LedgerError?
    private var next = Duration.zero
    private var wait = first

    private static let first = Duration.milliseconds(50)
    private static let longest = Duration.seconds(2)

    /// The last error, while it is too early to try again.
    func refusal(at now: Duration) -> LedgerError? { now < next ? last : nil }

    mutating func succeeded() { self = PostgresBackoff() }

    mutating func failed(_ error: LedgerError, at now: Duration) {
        last = error
        next = now + wait
        wait = min(wait * 2, Self.longest)
    }

    /// Waits a little on the calling thread, which may block.
    static func pause() { usleep(50_000) }
}
