import RelayCore
import RelaySupport
import Transport

/// Asks in Slack why somebody rejects: a modal, which only a bot can open.
/// Sources: https://docs.slack.dev/reference/methods/views.open, https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
extension SlackCallback {
    private static let name = "notify_relay_reject"
    private static let field = "reason"
    /// A chat has an id, a name, and the name with `#`.
    private static let mostChats = 3
    /// A form can be opened for three seconds after the press.
    private static let patience = Duration.milliseconds(2_500)

    /// Opens a form for the person who pressed. What comes back bears the button's token, so it decides only what the button was made for.
    ///
    /// - Returns: false if no form was opened.
    package func ask(_ press: Press, isNeeded: Bool, tools: ChannelTools) async -> Bool {
        guard let bot, let trigger = press.trigger else { return false }
        let view: JSONValue = [
            "trigger_id": .string(trigger),
            "view": [
                "type": "modal", "callback_id": .string(Self.name), "private_metadata": .string(Self.memory(of: press)),
                "title": ["type": "plain_text", "text": "Reject: why?"], "submit": ["type": "plain_text", "text": "Reject"],
                "close": ["type": "plain_text", "text": "Cancel"],
                "blocks": [
                    ["type": "section", "text": ["type": "plain_text", "text": .string(Press.noReasonYet)]],
                    [
                        "type": "input", "block_id": .string(Self.field), "optional": .bool(!isNeeded),
                        "label": ["type": "plain_text", "text": "Reason"],
                        "element": [
                            "type": "plain_text_input", "action_id": .string(Self.field), "multiline": true, "max_length": 1_000,
                        ],
                    ],
                ],
            ],
        ]
        let post = JSONPost(tools: tools, network: network)
        var request = post.request("POST", Secret("\(bot.api.base)/views.open"), json: view, headers: [bot.token.asBearer])
        request.timeout = Self.patience
        do {
            let response = try await tools.http.send(request)
            return (try? JSONValue(parsing: response.body))?["ok"]?.bool == true
        } catch {
            return false
        }
    }

    /// What Slack keeps with the form: the button's token, the chat and where to reply. Slack gives it back unchanged, under its signature.
    private static func memory(of press: Press) -> String {
        let memory: JSONValue = [
            "token": .string(press.token), "chats": .array(press.chats.map(JSONValue.string)),
            "answer_to": .text(press.answerTo?.reveal()),
        ]
        return memory.text
    }

    /// The press whose form was sent; nil if the payload is another one.
    static func reason(_ payload: JSONValue, user: String) -> Press? {
        guard payload["type"]?.string == "view_submission", let view = payload["view"], view["callback_id"]?.string == name,
            let text = view["private_metadata"]?.string, let memory = try? JSONValue(parsing: Array(text.utf8)),
            let token = memory["token"]?.string
        else { return nil }
        var press = Press(
            chats: Array((memory["chats"]?.array ?? []).compactMap(\.string).prefix(mostChats)), token: token, userID: user,
            userName: payload["user"]?["username"]?.string ?? payload["user"]?["name"]?.string,
            answerTo: memory["answer_to"]?.string.map(Secret.init))
        press.reason = view["state"]?["values"]?[field]?[field]?["value"]?.string ?? ""
        return press
    }
}
