import RelayCore
package import RelaySupport

/// Reads what a Mattermost server posts when somebody presses a button. The post is unsigned; `context` never leaves the server, so the
/// token in it is the proof.
/// Source: https://developers.mattermost.com/integrate/plugins/interactive-messages/
package enum MattermostCallback {
    package static func press(_ body: [UInt8]) throws(CallbackError) -> Press {
        guard let json = try? JSONValue(parsing: body), let user = json["user_id"]?.string, !user.isEmpty,
            let token = json["context"]?["token"]?.string
        else { throw CallbackError(reason: .malformed) }
        return Press(token: token, userID: user, userName: json["user_name"]?.string)
    }

    /// A reply that only the person who pressed sees.
    package static func answer(_ text: String) -> JSONValue { ["ephemeral_text": .string(Mattermost.dialect.escape(text))] }
}
