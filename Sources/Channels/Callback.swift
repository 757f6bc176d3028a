import RelayCore
package import RelaySupport

/// How a chat tells us that somebody pressed a button in it.
package enum Callback: Sendable {
    /// Slack posts the press, signed with the app's secret.
    case slack(SlackCallback)
    /// Mattermost posts the press unsigned; the token in it is the proof.
    case mattermost(MattermostCallback)
    /// Discord posts the press, signed with the application's key.
    case discord(DiscordCallback)
    /// Telegram posts nothing: it keeps presses until we ask for them.
    case telegram(TelegramCallback)
}

extension Callback {
    /// The chat that the destination names, as a press names it; nil if its configuration does not say.
    package var chat: String? {
        switch self {
        case .telegram(let callback): callback.chat
        case .slack(let callback): callback.channel
        case .mattermost, .discord: nil
        }
    }
}

/// A button press, as the chat reports it.
package struct Press: Sendable, Equatable {
    /// The names and ids under which the chat knows the place where it was pressed; empty if it does not say.
    package var chats: [String]
    /// The value stored in the button. It is ours only if its signature verifies.
    package var token: String
    /// The chat's own id of the person who pressed.
    package var userID: String
    /// The name that the chat shows for them; used for the audit only.
    package var userName: String?
    /// What lets a form be opened for the person, for three seconds; nil where the chat needs nothing for that.
    package var trigger: String?
    /// What the person wrote when the chat asked why; nil if it did not ask.
    package var reason: String?
    /// The URL for a reply that only this person sees. Nil means that the chat gives no such URL and takes the reply in another way.
    package var answerTo: Secret?

    /// What a form says that asks why.
    static let noReasonYet = "Nothing is decided until you send this."

    package init(chats: [String] = [], token: String, userID: String, userName: String? = nil, answerTo: Secret? = nil) {
        self.chats = chats
        self.token = token
        self.userID = userID
        self.userName = userName
        self.answerTo = answerTo
    }
}

/// Why a callback is rejected.
package struct CallbackError: Error, Sendable, Equatable {
    package enum Reason: Sendable, Equatable { case badSignature, stale, malformed }

    package var reason: Reason
}
