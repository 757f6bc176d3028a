import Channels
import Dedup
import RelayCore

/// The ways to decide an approval from its message: a signed link to a page of the relay, and buttons of the chat.
struct DecisionWays: Sendable {
    let keys: LinkKeys
    /// The public URL of the relay, without a slash at its end; nil means that there are no pages.
    let publicURL: String?
    let expiry: Duration
    /// Whether chats can post to the relay, that is whether `server.public_listen` is set.
    let receivesPosts: Bool

    /// A link that anybody who reads the message at the destination can use until it expires. It names the recipient or the room: if the
    /// destination has another one later, the link only shows the approval.
    func link(toApproval id: String, account: String, at target: Composer.Target, recipient: String, now: Timestamp) -> String? {
        guard let publicURL else { return nil }
        let mark = recipient.isEmpty ? DecisionToken.mark(ofRoom: target.room) : DecisionToken.mark(ofRecipient: recipient)
        let token = DecisionToken(account: account, approval: id, destination: target.name, recipient: mark, expires: expires(now))
        return token.signed(with: keys).map { "\(publicURL)/a/\($0)" }
    }

    /// The buttons of a request; empty if a press would not reach the relay, and if the request is cut: that is decided on the page only.
    /// They expire as links do.
    func buttons(for row: ApprovalRow, at target: Composer.Target, now: Timestamp) -> [DecisionButton] {
        guard receivesPresses(of: target.callback), row.detail?.cutBytes == nil else { return [] }
        let message = ButtonToken.Message(account: row.account, destination: target.name, room: target.room)
        return [Choice.approve, .reject].compactMap { choice in
            ButtonToken(choice: choice, approval: row.id, expires: expires(now))
                .signed(for: message, shownHash: row.shownHash, with: keys)
                .map { DecisionButton(choice, token: $0) }
        }
    }

    /// The end of the day in UTC, and then `link_expiry`. It is the same all day, so that a message that is sent again has the same text.
    private func expires(_ now: Timestamp) -> Timestamp {
        Timestamp(seconds: now.seconds.dividedDown(by: 86_400) * 86_400 + 86_400) + expiry
    }

    /// The URL that a chat posts a press to; nil if a person sets that up in the chat.
    func callbackURL(at target: Composer.Target) -> String? {
        guard case .mattermost? = target.callback, let publicURL else { return nil }
        return Self.mattermostURL(publicURL, target.name)
    }

    static func mattermostURL(_ publicURL: String, _ destination: String) -> String { "\(publicURL)/hooks/mattermost/\(destination)" }

    private func receivesPresses(of callback: Callback?) -> Bool {
        switch callback {
        case nil: false
        case .telegram?: true
        case .slack?, .discord?: receivesPosts
        case .mattermost?: receivesPosts && publicURL != nil
        }
    }
}
