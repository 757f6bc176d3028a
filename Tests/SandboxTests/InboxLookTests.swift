import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

/// The pages of the inbox, byte by byte, with messages that hold the characters that HTML escapes.
struct InboxLookTests {
    private static let hostile = "<script>alert(\"x\")</script> & 'y'"

    private func site() async -> InboxSite {
        let inbox = Inbox(clock: ManualClock())
        let text = JSONValue.string(Self.hostile)
        let posts: [(String, JSONValue)] = [
            ("/hooks/slack/T/B/x", ["blocks": [["type": "section", "text": ["type": "mrkdwn", "text": text]]]]),
            ("/hooks/web/\(Self.hostile)", ["type": text, "data": ["title": text, "text": text]]),
            (
                "/hooks/telegram/bot1:a/sendMessage",
                [
                    "chat_id": 1, "parse_mode": "HTML",
                    "text": "<strong>&lt;b&gt;</strong> <i>i</i> <a href=\"https://a.example/?x=1&amp;y=2\">link</a> <code>&amp;</code>",
                ]
            ),
        ]
        for (path, body) in posts { _ = await inbox.receive(WebRequest("POST", path, headers: [("webhook-id", "id")], body: body.bytes)) }
        let matrix: JSONValue = [
            "msgtype": "m.text", "body": text, "format": "org.matrix.custom.html", "m.mentions": [:],
            "formatted_body": "<strong>&lt;b&gt; <em>e</strong> <img src=x><a href=\"javascript:x\">link</a><br>open <code>c",
        ]
        _ = await inbox.receive(
            WebRequest(
                "PUT", "/hooks/matrix/_matrix/client/v3/rooms/!r:x/send/m.room.message/t1", headers: [("Authorization", "Bearer t")],
                body: matrix.bytes))
        let mail = """
            Subject: \(Self.hostile)\r\nFrom: "\(Self.hostile)" <a@example.com>\r\nContent-Type: text/html\r\n\r
            <html><head></head><body>\(Self.hostile)</body></html>
            """
        _ = await inbox.receive(from: "a@example.com", to: ["b@example.com"], mail: Array(mail.utf8))
        _ = await inbox.receive(WebRequest("POST", "/hooks/web/x", body: Array("no JSON".utf8)))
        return InboxSite(inbox: inbox)
    }

    @Test(arguments: [
        ("/", "overview"), ("/chat?hold", "chat"), ("/raw", "raw"), ("/message/1", "slack"), ("/message/2", "webhook"),
        ("/message/3", "telegram"), ("/message/4", "matrix"), ("/message/5", "mail"), ("/mail/5/html", "mail-html"), ("/x", "not-found"),
    ])
    func `each page and its headers`(target: String, name: String) async {
        let answer = await site().answer(WebRequest("GET", target))
        let headers = answer.headers.map { name, value in
            // A policy says the same in any order.
            let said = name == "Content-Security-Policy" ? value.split(separator: "; ").sorted().joined(separator: "; ") : value
            return "\(name): \(said)"
        }
        expectGolden(headers.sorted().joined(separator: "\n") + "\n\n" + String(decoding: answer.body, as: UTF8.self), "\(name).http")
    }
}
