import RelaySupport

/// Lets one answer over 1 MB at a time be read and used in the whole process, because what is made of it needs a multiple of its memory.
///
/// The size of an answer is not known before it comes. So a request stops at `small` bytes first, and is sent again in its turn.
package enum LargeAnswers {
    /// The most bytes of an answer that is read without a turn.
    package static let small = 1_000_000

    enum Mode {
        /// Each request takes a turn of its own if it needs one.
        case alone
        /// A larger answer is the error `tooLarge`, for the caller to take a turn.
        case smallOnly
        /// The caller has the turn.
        case inTurn
    }

    @TaskLocal static var mode = Mode.alone
    private static let turn = AsyncMutex()

    /// The most bytes that the answers of one piece of work may have together.
    package static var mostTogether: Int { 2 * (isInTurn ? RevKeenClient.maximumAnswer : small) }
    /// Whether the work that runs now has the turn.
    package static var isInTurn: Bool { mode == .inTurn }

    /// Whether an error means that the work must begin again in its turn, so that nobody else may take it as an answer.
    package static func isAskedFor(by error: any Error) -> Bool {
        mode == .smallOnly && (error as? RevKeenError)?.reason == .tooLarge
    }

    /// Does a piece of work that reads answers and uses them, in its turn if one of the answers is large.
    /// The work begins again if it is, so it must be repeatable up to its last answer.
    package static func work<Result>(_ body: () async throws -> Result) async throws -> Result {
        if isInTurn { return try await body() }
        do {
            return try await $mode.withValue(.smallOnly) { try await body() }
        } catch let error as RevKeenError where error.reason == .tooLarge {
            return try await inTurn(body)
        }
    }

    static func inTurn<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        try await turn.withLock { try await $mode.withValue(.inTurn) { try await body() } }
    }
}
