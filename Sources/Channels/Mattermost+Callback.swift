import RelayCore
package import RelaySupport
import Transport

/// Reads what a Mattermost server posts when somebody presses a button, and asks why somebody rejects. The posts are unsigned; `context` of a
/// button never leaves the server, so the token in it is the proof.
/// Source: https://developers.mattermost.com/integrate/plugins/interactive-messages/
package struct MattermostCallback: Sendable {
    /// The address of the server, without a slash at its end.
    private let server: String
    private let network: NetworkOptions

    private static let name = "notify_relay_reject"
    private static let field = "reason"
    /// A dialog can be opened for three seconds after the press.
    private static let patience = Duration.milliseconds(2_500)

    /// - Parameter webhook: the address of an incoming webhook, which ends with `/hooks/KEY`.
    init(webhook: HTTPAddress, network: NetworkOptions) {
        let text = webhook.url.reveal()
        server = text.ranges(of: "/hooks/").last.map { String(text[..<$0.lowerBound]) } ?? webhook.origin
        self.network = network
    }

    package static func press(_ body: [UInt8]) throws(CallbackError) -> Press {
        guard let json = try? JSONValue(parsing: body), let user = json["user_id"]?.string, !user.isEmpty,
            let token = json["context"]?["token"]?.string
        else { throw CallbackError(reason: .malformed) }
        var press = Press(token: token, userID: user, userName: json["user_name"]?.string)
        press.trigger = json["trigger_id"]?.string
        return press
    }

    /// A reply that only the person who pressed sees.
    package static func answer(_ text: String) -> JSONValue { ["ephemeral_text": .string(Mattermost.dialect.escape(text))] }

    /// A response that changes nothing.
    package static let nothing: JSONValue = [:]

    /// What somebody sent with a dialog.
    package struct Reason: Sendable, Equatable {
        /// What the dialog was opened with. The person's program has seen it.
        package var state: String
        package var userID: String
        package var text: String
    }

    /// The reason that a dialog brings; nil if the post is another one, or if the dialog was closed.
    /// Source: https://developers.mattermost.com/integrate/plugins/interactive-dialogs/
    package static func reason(_ body: [UInt8]) -> Reason? {
        guard let json = try? JSONValue(parsing: body), json["type"]?.string == "dialog_submission", json["callback_id"]?.string == name,
            json["cancelled"]?.bool != true, let state = json["state"]?.string, let user = json["user_id"]?.string
        else { return nil }
        return Reason(state: state, userID: user, text: json["submission"]?[field]?.string ?? "")
    }

    /// Keeps the dialog open, with a text in it.
    package static func error(_ text: String) -> JSONValue { ["error": .string(text)] }

    /// Opens a dialog for the person who pressed. It needs no account at the server: the press is the right to open one.
    ///
    /// - Parameters:
    ///   - url: where the server posts what the person writes.
    ///   - state: comes back unchanged. The person's program sees it.
    /// - Returns: false if no dialog was opened.
    package func ask(_ press: Press, url: String, state: String, isNeeded: Bool, tools: ChannelTools) async -> Bool {
        guard let trigger = press.trigger, !trigger.isEmpty else { return false }
        let dialog: JSONValue = [
            "trigger_id": .string(trigger), "url": .string(url),
            "dialog": [
                "callback_id": .string(Self.name), "title": "Reject: why?", "submit_label": "Reject", "state": .string(state),
                "introduction_text": .string(Press.noReasonYet),
                "elements": [
                    [
                        "display_name": "Reason", "name": .string(Self.field), "type": "textarea", "optional": .bool(!isNeeded),
                        "max_length": 1_000,
                    ]
                ],
            ],
        ]
        let post = JSONPost(tools: tools, network: network)
        var request = post.request("POST", Secret("\(server)/api/v4/actions/dialogs/open"), json: dialog)
        request.timeout = Self.patience
        do {
            return (200...299).contains(try await tools.http.send(request).status)
        } catch {
            return false
        }
    }
}
