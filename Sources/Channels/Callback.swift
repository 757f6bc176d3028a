import RelayCore
package import RelaySupport

/// How a chat tells us that somebody pressed a button in it.
package enum Callback: Sendable {
    /// Slack posts the press, signed with the app's secret.
    case slack(SlackCallback)
    /// Mattermost posts the press unsigned; the token in it is the proof.
    case mattermost
    /// Discord posts the press, signed with the application's key.
    case discord(DiscordCallback)
    /// Telegram posts nothing: it keeps presses until we ask for them.
    case telegram(TelegramCallback)
}

/// A button press, as the chat reports it.
package struct Press: Sendable, Equatable {
    /// The value stored in the button. It is ours only if its signature verifies.
    package var token: String
    /// The chat's own id of the person who pressed.
    package var userID: String
    /// The name that the chat shows for them; used for the audit only.
    package var userName: String?
    /// The URL for a reply that only this person sees. Nil means that the chat gives no such URL and takes the reply in another way.
    package var answerTo: Secret?

    package init(token: String, userID: String, userName: String? = nil, answerTo: Secret? = nil) {
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
