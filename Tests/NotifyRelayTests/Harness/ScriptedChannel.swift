import Channels
import RelayCore
import RelaySupport

/// A channel that keeps its messages and returns what a test wants: first the queued verdicts, then always the same.
final class ScriptedChannel: Channel {
    typealias Response = Result<Receipt, DeliveryError>

    struct Attempt: Sendable {
        var at: Timestamp
        var message: Message
        var id: String { message.event.id }
    }

    private struct State {
        var begun: [Attempt] = []
        var accepted: [Attempt] = []
        var queue: [Response] = []
        var rule: @Sendable (Message) -> Response = { _ in .success(Receipt()) }
        var gate: Gate?
        var underWay = 0
        var mostUnderWay = 0
    }

    private let clock: any WallClock
    private let state = Locked(State())

    init(clock: any WallClock) { self.clock = clock }

    /// Every attempt that was begun.
    var attempts: [Attempt] { state.withLock { $0.begun } }
    /// The attempts that succeeded, in the order in which they ended.
    var delivered: [Attempt] { state.withLock { $0.accepted } }
    /// The ids of `delivered`.
    var ids: [String] { delivered.map(\.id) }
    var mostUnderWay: Int { state.withLock { $0.mostUnderWay } }

    /// Queues the verdicts of the next attempts; nil is success.
    func next(_ verdicts: DeliveryError.Verdict?...) {
        state.withLock { $0.queue += verdicts.map { $0.map { .failure(DeliveryError($0, .serverError, "no")) } ?? .success(Receipt()) } }
    }

    /// Sets the verdict of all attempts for which none is queued; nil is success.
    func always(_ verdict: DeliveryError.Verdict?) { answer { _ in verdict } }

    /// Every later attempt succeeds with an odd response.
    func succeeds(with remark: Receipt.Remark) {
        state.withLock { state in
            state.rule = { _ in
                var receipt = Receipt()
                receipt.remark = remark
                return .success(receipt)
            }
        }
    }

    func answer(_ rule: @escaping @Sendable (Message) -> DeliveryError.Verdict?) {
        state.withLock { state in
            state.rule = { message in
                rule(message).map { .failure(DeliveryError($0, .serverError, "no")) } ?? .success(Receipt())
            }
        }
    }

    /// Keeps later attempts under way until the gate is opened.
    func hold() -> Gate {
        let gate = Gate()
        state.withLock { $0.gate = gate }
        return gate
    }

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        let attempt = Attempt(at: clock.now, message: message)
        let gate = state.withLock { state in
            state.begun.append(attempt)
            state.underWay += 1
            state.mostUnderWay = max(state.mostUnderWay, state.underWay)
            return state.gate
        }
        defer { state.withLock { $0.underWay -= 1 } }
        await gate?.pass()
        // This acts as a connection that is cut off: something was sent, and no response came.
        if gate != nil, Task.isCancelled { throw DeliveryError(.uncertain, .timeout, "cut off") }
        let answer = state.withLock { $0.queue.isEmpty ? $0.rule(message) : $0.queue.removeFirst() }
        if case .success = answer { state.withLock { $0.accepted.append(attempt) } }
        return try answer.get()
    }

    func preview(_ message: Message) -> String { message.title }

    func connect() async -> [Finding] { [] }
}

extension DeliveryError.Verdict {
    static let transient = Self.retry(after: nil)
}
