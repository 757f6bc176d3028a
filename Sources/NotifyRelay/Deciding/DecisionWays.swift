import Channels
import Dedup
import RelayCore

/// By which ways an approval is decided from its message: a signed link to a page of ours, and buttons of the chat.
struct DecisionWays: Sendable {
    let keys: LinkKeys
    /// As people reach us, without a last slash; nil: no pages.
    let publicURL: String?
    let expiry: Duration
    /// Posts of chats reach us.
    let hearsPosts: Bool

    /// Good for whoever reads it there until it expires. All of one day are the same, so that a message that is sent again says the same.
    func link(toApproval id: String, account: String, destination: String, recipient: String, now: Timestamp) -> String? {
        guard let publicURL else { return nil }
        let tomorrow = Timestamp(seconds: now.seconds.dividedDown(by: 86_400) * 86_400 + 86_400)
        let token = DecisionToken(
            account: account, approval: id, destination: destination,
            recipient: recipient.isEmpty ? nil : DecisionToken.mark(ofRecipient: recipient), expires: tomorrow + expiry)
        return token.signed(with: keys).map { "\(publicURL)/a/\($0)" }
    }

    /// None where nobody would hear that they are pressed.
    func buttons(for row: ApprovalRow, at target: Composer.Target) -> [DecisionButton] {
        guard hears(target.callback) else { return [] }
        return [Choice.approve, .reject].compactMap { choice in
            ButtonToken(verdict: choice == .approve ? .approve : .reject, approval: row.id, shownHash: row.shownHash)
                .signed(account: row.account, destination: target.name, with: keys)
                .map { DecisionButton(choice, token: $0) }
        }
    }

    /// Where a chat posts that a button was pressed; nil where it was told so by hand.
    func callbackURL(at target: Composer.Target) -> String? {
        guard case .mattermost? = target.callback, let publicURL else { return nil }
        return "\(publicURL)/hooks/mattermost/\(target.name)"
    }

    private func hears(_ callback: Callback?) -> Bool {
        switch callback {
        case nil: false
        case .telegram?: true
        case .slack?, .discord?: hearsPosts
        case .mattermost?: hearsPosts && publicURL != nil
        }
    }
}
