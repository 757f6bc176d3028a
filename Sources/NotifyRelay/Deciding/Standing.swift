import Dedup
import RelayCore

/// How an approval stands, as a page says it.
enum Standing: Sendable, Equatable {
    case open
    /// Somebody has answered, and RevKeen has not confirmed it yet.
    case onItsWay(actor: String, choice: Choice)
    case over(state: String, actor: String?, reason: String?)

    /// An answer that RevKeen took comes before a row that was read earlier.
    ///
    /// - Parameters:
    ///   - answer: the last answer to the approval; nil if there is none.
    ///   - people: the names of RevKeen's user ids.
    init(_ row: ApprovalRow, answer: Answer?, people: [String: String]) {
        guard row.isOpen else {
            let detail = row.detail
            self = .over(
                state: detail?.state.rawValue ?? "closed", actor: detail?.actor.map { people[$0] ?? $0 }, reason: detail?.reason)
            return
        }
        switch (answer, answer?.state) {
        case (let answer?, .asked?): self = .onItsWay(actor: answer.actor, choice: answer.choice)
        case (let answer?, .taken?): self = .over(state: answer.choice.pastTense, actor: answer.actor, reason: answer.reason)
        default: self = .open
        }
    }
}
