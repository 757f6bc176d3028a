import Dedup
import RelayCore

/// The outcome of a decision request, for the person who made it.
struct DecisionOutcome: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// The answer is in the ledger, and RevKeen is still to be called. `wanted` is the choice of this person; the answer may be an
        /// earlier one by somebody else.
        case recorded(Answer, wanted: Choice)
        /// The approval now has the state that the person wanted.
        case done
        /// RevKeen accepted the answer, and the store could not record that. The answer stays owed under the same idempotency key.
        case takenUnrecorded
        /// It was decided the other way, or it can no longer be decided.
        case otherwise
        /// RevKeen's decision is not known yet. The answer is kept, and the carrier calls RevKeen again.
        case kept
        /// RevKeen refuses our API key.
        case forbidden
        /// RevKeen refuses the call itself.
        case refused
        /// The answer counts as one vote, and more people must approve.
        case waiting
        /// The answer was taken back before RevKeen was called.
        case withdrawn
        /// The approval has changed since the person saw it.
        case changed
        /// The rejection must have a reason, and it has none.
        case reasonMissing
        /// This person may not decide here.
        case denied
        /// The relay knows no such approval or button.
        case unknown
        /// The store could not be written, so nothing happened.
        case unwritten
    }

    var kind: Kind
    /// A sentence without its capital letter and its full stop.
    var text: String
    /// Why the ledger could not record what happened; nil if it did.
    var storeFault: LedgerError?
    /// The stored answer that RevKeen did not get, because it shows something else now; nil in all other outcomes.
    var lost: Answer?

    static let changed = DecisionOutcome(kind: .changed, text: "it has changed since; look at what is asked now")
    static let expired = DecisionOutcome(kind: .changed, text: "this button has expired; a newer message has one that works")
    static let reasonMissing = DecisionOutcome(
        kind: .reasonMissing, text: "a reason is needed to reject this; open the link of the message and say why there, nothing was decided"
    )
    static let unknown = DecisionOutcome(kind: .unknown, text: "nothing is known of this approval")

    /// - Parameter again: what the person can do to try again, such as `press again`.
    static func unwritten(_ fault: LedgerError, again: String) -> DecisionOutcome {
        DecisionOutcome(kind: .unwritten, text: "it cannot be written down at the moment; \(again)", storeFault: fault)
    }

    static func of(_ withdrawal: Withdrawal) -> DecisionOutcome {
        switch withdrawal {
        case .withdrawn(let answer):
            DecisionOutcome(kind: .withdrawn, text: "withdrawn: “\(answer.choice.rawValue)” by \(answer.actor) is not sent to RevKeen")
        case .tooLate:
            DecisionOutcome(
                kind: .kept, text: "RevKeen was called for it already, so it cannot be withdrawn; the message will show its result")
        case .nothing: DecisionOutcome(kind: .otherwise, text: "no answer waits here that could be withdrawn")
        }
    }

    static func denied(_ why: String) -> DecisionOutcome { DecisionOutcome(kind: .denied, text: why) }

    static func recorded(_ answer: Answer, wanted: Choice) -> DecisionOutcome {
        DecisionOutcome(kind: .recorded(answer, wanted: wanted), text: "it is written down, and RevKeen is told")
    }

    /// - Parameter votes: the people who have approved so far.
    static func waiting(_ votes: [Vote], of needed: Int) -> DecisionOutcome {
        let names = votes.map(\.person).joined(separator: ", ")
        return DecisionOutcome(kind: .waiting, text: "\(votes.count) of \(needed) have approved: \(names); it waits for another")
    }

    /// RevKeen accepted an answer.
    ///
    /// - Parameter fault: why that could not be recorded; nil if it was.
    static func taken(_ answer: Answer, wanted: Choice, fault: LedgerError? = nil) -> DecisionOutcome {
        let text = "\(answer.choice.pastTense) by \(answer.actor)" + (answer.choice == wanted ? "" : "; your \(wanted.noun) does not count")
        guard let fault else { return DecisionOutcome(kind: answer.choice == wanted ? .done : .otherwise, text: text) }
        return DecisionOutcome(
            kind: .takenUnrecorded,
            text: "RevKeen took it (\(text)); this relay could not write that down yet, and will ask again under the same key",
            storeFault: fault)
    }

    /// The approval is in a state that this request did not bring about.
    static func found(_ state: ApprovalDetail.State, by actor: String?, wanted: Choice) -> DecisionOutcome {
        let isSo = (state == .approved && wanted == .approve) || (state == .rejected && wanted == .reject)
        let late = isSo ? "" : "; your \(wanted.noun) does not count"
        return DecisionOutcome(
            kind: isSo ? .done : .otherwise, text: "it is \(state.rawValue)" + (actor.map { " by \($0)" } ?? "") + late)
    }

    /// The same outcome after the ledger could not record it. The answer stays owed, and the next call to RevKeen gets the same response.
    func unrecorded(_ fault: LedgerError?) -> DecisionOutcome {
        guard let fault else { return self }
        return DecisionOutcome(kind: kind, text: text + "; this relay could not write that down yet, and will ask again", storeFault: fault)
    }
}
