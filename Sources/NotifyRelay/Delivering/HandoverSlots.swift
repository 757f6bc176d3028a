import Dispatch
import RelayCore
import RelaySupport

/// The messages of one lane that were handed over and whose result is not recorded yet: at most as many as the lane is wide.
///
/// With it the next message is prepared, and the server greeted, while the last result is written. A crash still repeats one message for each
/// unit of width.
final class HandoverSlots: Sendable {
    private struct State {
        var width: Int
        var inHand = 0
        /// The lane takes messages. If it does not, those that were prepared ahead go back. Others, such as a probe, go on.
        var isOpen = true
        /// Rung at each change, for those that wait.
        var bells: [DispatchSemaphore] = []

        mutating func ring() {
            for bell in bells { bell.signal() }
            bells = []
        }
    }

    private let state: Locked<State>
    /// How long a prepared message waits. A mail server waits for five minutes (RFC 5321 §4.5.3.2).
    private static let patience = Duration.seconds(20)
    /// How often one that waits looks whether it is cancelled.
    private static let nap = DispatchTimeInterval.milliseconds(200)

    /// Whether anything may be handed over now, by this relay.
    private let mayPass: @Sendable () -> Bool

    init(width: Int, mayPass: @escaping @Sendable () -> Bool = { true }) {
        state = Locked(State(width: width))
        self.mayPass = mayPass
    }

    func adopt(width: Int, isOpen: Bool) {
        state.withLock { state in
            if (state.width, state.isOpen) == (width, isOpen) { return }
            (state.width, state.isOpen) = (width, isOpen)
            state.ring()
        }
    }

    fileprivate enum Consent { case wait, enter, refuse }

    /// - Parameter bell: is rung when it is worth to ask again, if the answer is to wait.
    fileprivate func ask(isAhead: Bool, _ bell: DispatchSemaphore) -> Consent {
        guard mayPass() else { return .refuse }
        return state.withLock { state in
            guard state.isOpen || !isAhead else { return .refuse }
            guard state.inHand < state.width else {
                state.bells.append(bell)
                return .wait
            }
            state.inHand += 1
            return .enter
        }
    }

    fileprivate func leave() {
        state.withLock { state in
            state.inHand -= 1
            state.ring()
        }
    }

    fileprivate static func sleep(until bell: DispatchSemaphore) { _ = bell.wait(timeout: .now() + nap) }

    /// The place of one message.
    final class Place: HandoverGate {
        private enum Phase { case prepared, handedOver, withheld, recorded }

        let isAhead: Bool
        private let slots: HandoverSlots
        private let phase = Locked(Phase.prepared)

        init(in slots: HandoverSlots, isAhead: Bool = false) {
            self.slots = slots
            self.isAhead = isAhead
        }

        /// The message was prepared in vain, and nothing of it took effect.
        var isWithheld: Bool { phase.withLock { $0 == .withheld } }

        func enter(unless isCancelled: () -> Bool) -> Bool {
            BlockingCall.begins()
            if phase.withLock({ $0 == .handedOver }) { return true }
            let end = ContinuousClock.now + HandoverSlots.patience, bell = DispatchSemaphore(value: 0)
            while true {
                switch isCancelled() || .now > end ? .refuse : slots.ask(isAhead: isAhead, bell) {
                case .enter:
                    phase.withLock { $0 = .handedOver }
                    return true
                case .refuse:
                    phase.withLock { $0 = .withheld }
                    return false
                case .wait: HandoverSlots.sleep(until: bell)
                }
            }
        }

        /// The result is recorded, or will never be.
        func recorded() {
            let wasHandedOver = phase.withLock { phase in
                defer { phase = .recorded }
                return phase == .handedOver
            }
            if wasHandedOver { slots.leave() }
        }
    }
}
