import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

@testable import Channels

/// One part of a message that a service may refuse, and the service's words for it.
struct Trimming: Sendable, CustomTestStringConvertible {
    var type: String
    var part: String
    /// The request holds this text if the message has the part. Nil means that the request is too long.
    var trace: String?
    var status: Int
    var body: String

    init(_ type: String, _ part: String, _ trace: String?, _ status: Int, _ body: String) {
        self.type = type
        self.part = part
        self.trace = trace
        self.status = status
        self.body = body
    }

    var testDescription: String { "\(type): \(part)" }
}

/// A destination that refuses one part of a message gets the message without it, for each type and each part that the type has.
struct TrimmingsTests {
    private static func telegram(_ words: String) -> String {
        #"{"ok":false,"error_code":400,"description":"Bad Request: \#(words)"}"#
    }

    static let all: [Trimming] =
        [
            Trimming("slack", "mention", "MENTION", 400, "invalid_payload"),
            Trimming("slack", "blocks", #""blocks":"#, 400, "invalid_blocks"),
            Trimming("slack", "button", #""type":"button""#, 400, "invalid_blocks"),
            Trimming("slack", "length", nil, 400, "msg_too_long"),
            Trimming("discord", "mention", "MENTION", 400, #"{"code":50035}"#),
            Trimming("discord", "blocks", #""embeds":[{"#, 400, #"{"code":50035}"#),
            Trimming("discord", "button", #""components":[{"#, 400, #"{"code":50035}"#),
            Trimming("discord", "colour", #""color":"#, 400, #"{"code":50035}"#),
            Trimming("discord", "length", nil, 413, #"{"code":40005}"#),
            Trimming("telegram", "mention", "MENTION", 400, telegram("can't parse entities")),
            Trimming("telegram", "marks", #""parse_mode":"#, 400, telegram("can't parse entities: unclosed tag")),
            Trimming("telegram", "button", #""reply_markup":"#, 400, telegram("BUTTON_DATA_INVALID")),
            Trimming("telegram", "thread", #""message_thread_id":"#, 400, telegram("message thread not found")),
            Trimming("telegram", "length", nil, 400, telegram("message is too long")),
            Trimming("mattermost", "mention", "MENTION", 400, #"{"id":"web.incoming_webhook.parse.app_error"}"#),
            Trimming("mattermost", "attachment", #""attachments":"#, 400, #"{"id":"web.incoming_webhook.attachment.app_error"}"#),
            Trimming("mattermost", "button", #""actions":"#, 400, #"{"id":"api.post.action.app_error"}"#),
            Trimming("mattermost", "colour", #""color":"#, 400, #"{"id":"web.incoming_webhook.attachment.app_error"}"#),
            Trimming("mattermost", "priority", #""priority":"#, 400, #"{"id":"api.post.post_priority.app_error"}"#),
            Trimming("mattermost", "length", nil, 400, #"{"id":"web.incoming_webhook.split_props_length.app_error"}"#),
            Trimming("teams", "button", #""type":"Action.OpenUrl""#, 400, #"{"error":{"code":"TriggerInputSchemaMismatch"}}"#),
            Trimming("teams", "colour", #""style":"#, 400, #"{"error":{"code":"InvalidRequestContent"}}"#),
            Trimming("teams", "length", nil, 200, "Microsoft Teams endpoint returned HTTP error 413"),
            Trimming("google_chat", "mention", "MENTION", 400, #"{"error":{"status":"INVALID_ARGUMENT"}}"#),
            Trimming("google_chat", "blocks", #""cardsV2":"#, 400, #"{"error":{"status":"INVALID_ARGUMENT"}}"#),
            Trimming("google_chat", "button", #""buttonList":"#, 400, #"{"error":{"status":"INVALID_ARGUMENT"}}"#),
            Trimming("google_chat", "thread", #""thread":"#, 400, #"{"error":{"status":"INVALID_ARGUMENT"}}"#),
            Trimming("google_chat", "colour", "<font color", 400, #"{"error":{"status":"INVALID_ARGUMENT"}}"#),
            Trimming("google_chat", "length", nil, 400, #"{"error":{"status":"INVALID_ARGUMENT"}}"#),
            Trimming("rocketchat", "mention", "MENTION", 400, #"{"success":false,"error":"Match error: mention"}"#),
            Trimming("rocketchat", "attachment", #""attachments":"#, 400, #"{"success":false,"error":"Match error: Expected string"}"#),
            Trimming("rocketchat", "button", #""actions":"#, 400, #"{"success":false,"error":"Match error: Failed Match.Where"}"#),
            Trimming("rocketchat", "colour", #""color":"#, 400, #"{"success":false,"error":"Match error: Expected string"}"#),
            Trimming("rocketchat", "length", nil, 400, #"{"success":false,"error":"error-message-size-exceeded"}"#),
            Trimming("matrix", "mention", "MENTION", 400, #"{"errcode":"M_BAD_JSON"}"#),
            Trimming("matrix", "marks", #""formatted_body":"#, 400, #"{"errcode":"M_BAD_JSON"}"#),
            Trimming("matrix", "colour", "data-mx-color", 400, #"{"errcode":"M_INVALID_PARAM"}"#),
            Trimming("matrix", "length", nil, 413, #"{"errcode":"M_TOO_LARGE"}"#),
            Trimming("zulip", "mention", "MENTION", 400, #"{"result":"error","code":"STREAM_WILDCARD_MENTION_NOT_ALLOWED","msg":"no"}"#),
            Trimming("zulip", "length", nil, 400, #"{"result":"error","code":"BAD_REQUEST","msg":"Message too long"}"#),
            Trimming("ntfy", "button", #""actions":"#, 400, #"{"code":40018,"http":400}"#),
            Trimming("ntfy", "link", #""click":"#, 400, #"{"code":40012,"http":400}"#),
            Trimming("ntfy", "tags", #""tags":"#, 400, #"{"code":40010,"http":400}"#),
            Trimming("ntfy", "priority", #""priority":"#, 400, #"{"code":40007,"http":400}"#),
            Trimming("ntfy", "length", nil, 413, #"{"code":41303,"http":413}"#),
            Trimming("gotify", "link", #""extras":"#, 400, #"{"error":"Bad Request","errorCode":400}"#),
            Trimming("gotify", "priority", #""priority":"#, 400, #"{"error":"Bad Request","errorCode":400}"#),
            Trimming("gotify", "length", nil, 413, ""),
            Trimming("pushover", "link", #""url":"#, 400, #"{"status":0,"errors":["url is too long"]}"#),
            Trimming("pushover", "priority", #""priority":"#, 400, #"{"status":0,"errors":["priority is invalid"]}"#),
            Trimming("pushover", "title", #""title":"#, 400, #"{"status":0,"errors":["title is too long"]}"#),
            Trimming("pushover", "length", nil, 400, #"{"status":0,"errors":["message is too long"]}"#),
            Trimming("pagerduty", "link", #""links":"#, 400, #"{"errors":["links is invalid"]}"#),
            Trimming("pagerduty", "facts", #""trigger":"schedule""#, 400, #"{"errors":["custom_details is invalid"]}"#),
            Trimming("pagerduty", "length", nil, 413, #"{"errors":["event too large"]}"#),
            Trimming("webhook", "length", nil, 413, ""),
        ]

    /// An approval with everything that a message can have.
    private func message(_ trimming: Trimming) throws -> Message {
        let dialect = try #require(Catalogue.type(named: trimming.type)).dialect
        let text = trimming.trace == nil ? String(repeating: "many words ", count: 1_400) : "Ann asks."
        var message = Message.of(
            .approval, .urgent, title: "Refund of 1240", body: dialect.escape(text), html: "<p>html</p>",
            link: "https://app.example.com/runs/77aa", mention: "@MENTION")
        message.decideLink = "https://relay.example.com/a/token"
        message.buttons = [DecisionButton(.approve, token: "BUTTON-A"), DecisionButton(.reject, token: "BUTTON-R")]
        message.callbackURL = "https://relay.example.com/hooks/x"
        return message
    }

    @Test func `every type that speaks HTTP is here, with its length`() {
        let types = Set(configurations.map(\.type)).subtracting(["email", "console", "file"])
        #expect(Set(Self.all.filter { $0.trace == nil }.map(\.type)) == types)
    }

    @Test(arguments: all)
    func `a refusal of one part ends in a delivered plain message, with the words to decide and both links`(trimming: Trimming) async throws
    {
        var message = try message(trimming)
        var plain = message
        plain.isPlain = true
        let preview = try channel(trimming.type, over: ScriptedTransport(status: 200)).preview(plain)
        let good = accepted[trimming.type] ?? (200, "")
        let strict = ScriptedTransport { request in
            let text = request.url.reveal() + String(decoding: request.body ?? [], as: UTF8.self)
            let isRefused = trimming.trace.map(text.contains) ?? ((request.body ?? []).count > preview.utf8.count + 200)
            let (status, body) = isRefused ? (trimming.status, trimming.body) : good
            return .success(HTTPResponse(status: status, headers: [], body: Array(body.utf8)))
        }
        let channel = try channel(trimming.type, over: strict)
        let error = try await #require(throws: DeliveryError.self) { try await channel.deliver(message) }
        #expect(error.verdict == .trimmings, "\(error)")
        message.isPlain = true
        _ = try await channel.deliver(message)
        #expect(strict.requests.count == 2)
        let sent = strict.requests.last.map { String(decoding: $0.body ?? [], as: UTF8.self) } ?? ""
        let shown = sent.contains("%2F") ? percentDecoded(sent.replacing("+", with: " ")) : sent.replacing("\\/", with: "/")
        for words in ["Refund of 1240", "https://app.example.com/runs/77aa", "https://relay.example.com/a/token"] {
            #expect(shown.contains(words), "no \(words) in \(shown.prefix(2_000))")
        }
    }

    @Test func `a mail that is refused for its size goes without HTML`() async throws {
        let mail = ScriptedMail { request in
            let isRefused = String(decoding: request.message, as: UTF8.self).contains("text/html")
            return isRefused
                ? MailResponse(stage: .data, code: 552, enhanced: "5.3.4", text: "too big") : MailResponse(stage: .accepted, code: 250)
        }
        let values = try #require(configurations.first { $0.type == "email" }).values
        let channel = try channel("email", values, tools: tools(mail: mail))
        var message = Message.of(.approval, .urgent, html: "<p>html</p>", recipient: "ops@example.com")
        let error = try await #require(throws: DeliveryError.self) { try await channel.deliver(message) }
        #expect(error.verdict == .trimmings)
        message.isPlain = true
        _ = try await channel.deliver(message)
        #expect(mail.mails.count == 2)
    }

    @Test func `a reply of a Slack bot is posted outside the thread that refuses it`() async throws {
        let strict = ScriptedTransport { request in
            let isRefused = String(decoding: request.body ?? [], as: UTF8.self).contains(#""thread_ts""#)
            let body = isRefused ? #"{"ok":false,"error":"cannot_reply_to_message"}"# : #"{"ok":true,"channel":"C0123456789","ts":"1.2"}"#
            return .success(HTTPResponse(status: 200, headers: [], body: Array(body.utf8)))
        }
        let bot = try channel("slack", ["token": "xoxb-hush-hush", "channel": "C0123456789"], tools: tools(http: strict))
        let receipt = try await bot.deliver(.of(.approval))
        var reply = Message.of(.reminder)
        let error = try await #require(throws: DeliveryError.self) { try await bot.follow(receipt, with: reply) }
        #expect(error.verdict == .trimmings)
        reply.isPlain = true
        _ = try await bot.follow(receipt, with: reply)
        #expect(strict.requests.count == 3)
    }
}
