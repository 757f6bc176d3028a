import Dedup
import RelayCore

/// The state of an approval as a page shows it.
enum Standing: Sendable, Equatable {
    case open
    /// A person has answered. `wasCalled` says whether RevKeen was called for it already: then it may have taken effect, and cannot be
    /// withdrawn.
    case onItsWay(actor: String, choice: Choice, wasCalled: Bool)
    case over(state: String, actor: String?, reason: String?)

    /// If RevKeen has accepted an answer, the approval is over, even if the row was read earlier and still shows it open.
    ///
    /// - Parameters:
    ///   - answer: the last answer to the approval; nil if there is none.
    ///   - people: the names of people by their user ids at RevKeen.
    init(_ row: ApprovalRow, answer: Answer?, people: [String: String]) {
        guard row.isOpen else {
            let detail = row.detail, actor = detail?.actor.map { people[$0] ?? $0 }
            // RevKeen knows only whose key was used. The answer knows the person.
            let ours = answer.flatMap { $0.state == .taken && $0.choice.pastTense == detail?.state.rawValue ? $0 : nil }
            self = .over(
                state: detail?.state.rawValue ?? "closed", actor: ours?.actor ?? actor,
                reason: ours.map(\.reasonBesideActor) ?? detail?.reason)
            return
        }
        switch (answer, answer?.state) {
        case (let answer?, .asked?): self = .onItsWay(actor: answer.actor, choice: answer.choice, wasCalled: answer.calledAt != nil)
        case (let answer?, .taken?): self = .over(state: answer.choice.pastTense, actor: answer.actor, reason: answer.reasonBesideActor)
        default: self = .open
        }
    }
}

extension Answer {
    /// The reason without the actor's name, which RevKeen gets in the reason because it has no field for it. Nil if nobody typed one.
    fileprivate var reasonBesideActor: String? {
        guard let reason, reason != Ballot.reasonOfRejection(by: actor) else { return nil }
        let suffix = Ballot.nameInReason(actor)
        return reason.hasSuffix(suffix) ? String(reason.dropLast(suffix.count)) : reason
    }
}
