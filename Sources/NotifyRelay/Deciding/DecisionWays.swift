import Channels
import Dedup
import RelayCore

/// How an approval can be decided from its message: by a signed link to a page of ours, and by buttons of the chat.
struct DecisionWays: Sendable {
    let keys: LinkKeys
    /// The address at which people reach us, without a slash at its end; nil means that there are no pages.
    let publicURL: String?
    let expiry: Duration
    /// Whether posts of chats reach us.
    let hearsPosts: Bool

    /// A link that is good for whoever reads it at the destination, until it expires. All links of one day are the same, so that a message
    /// that is sent again has the same text.
    func link(toApproval id: String, account: String, destination: String, recipient: String, now: Timestamp) -> String? {
        guard let publicURL else { return nil }
        let tomorrow = Timestamp(seconds: now.seconds.dividedDown(by: 86_400) * 86_400 + 86_400)
        let token = DecisionToken(
            account: account, approval: id, destination: destination,
            recipient: recipient.isEmpty ? nil : DecisionToken.mark(ofRecipient: recipient), expires: tomorrow + expiry)
        return token.signed(with: keys).map { "\(publicURL)/a/\($0)" }
    }

    /// The buttons of a request; empty where no press would reach us.
    func buttons(for row: ApprovalRow, at target: Composer.Target) -> [DecisionButton] {
        guard hears(target.callback) else { return [] }
        return [Choice.approve, .reject].compactMap { choice in
            ButtonToken(choice: choice, approval: row.id, shownHash: row.shownHash)
                .signed(account: row.account, destination: target.name, with: keys)
                .map { DecisionButton(choice, token: $0) }
        }
    }

    /// The address that a chat posts a press to; nil where that is set up by hand in the chat.
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
