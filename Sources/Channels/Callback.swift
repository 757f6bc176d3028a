package import RelayCore

/// How a chat tells us that somebody pressed a button in it.
package enum Callback: Sendable {
    /// Posts that Slack signs with the app's secret.
    case slack(SlackCallback)
    /// Posts that nothing signs: the token in them is the proof.
    case mattermost
    /// Posts that Discord signs with the application's key.
    case discord(DiscordCallback)
    /// Nobody posts anything: Telegram keeps what was pressed until it is asked.
    case telegram(TelegramCallback)
}

/// A button that somebody pressed, as their chat tells it.
package struct Press: Sendable, Equatable {
    /// What the button bore; ours, if its signature says so.
    package var token: String
    /// By which the chat knows whoever pressed it.
    package var userID: String
    /// As the chat shows them; for the audit alone.
    package var userName: String?
    /// Where an answer for them alone goes; nil: it goes with the answer to the post.
    package var answerTo: Secret?

    package init(token: String, userID: String, userName: String? = nil, answerTo: Secret? = nil) {
        self.token = token
        self.userID = userID
        self.userName = userName
        self.answerTo = answerTo
    }
}

/// Why a callback is not listened to.
package struct CallbackError: Error, Sendable, Equatable {
    package enum Reason: Sendable, Equatable { case badSignature, stale, malformed }

    package var reason: Reason
}
