import Dedup
import RelayCore
import RelaySupport

/// The way in by which an approval was decided, as metrics show it.
enum WayIn: String, Sendable, CaseIterable {
    case link, desk, slack, mattermost, telegram, discord
    case commandLine = "command_line"
    /// It was decided elsewhere, in RevKeen itself for example.
    case revkeen
    /// The store did not say.
    case unknown

    /// - Parameters:
    ///   - answer: the last answer of this relay to the approval; nil if there is none.
    ///   - state: what became of the approval.
    init(_ answer: Answer?, to state: ApprovalDetail.State) {
        guard let answer, answer.state == .taken, answer.choice.pastTense == state.rawValue else {
            self = .revkeen
            return
        }
        // The audit names the destination after the way in: `slack (ops)`.
        let way = answer.via.split(separator: "(").first.map(String.init) ?? ""
        self = WayIn(rawValue: way.trimmed.replacing(" ", with: "_")) ?? .unknown
    }
}
