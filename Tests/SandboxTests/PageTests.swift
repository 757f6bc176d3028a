import Pages
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct PageTests {
    private static let attack = "<script>alert('x')</script>"

    private func inbox() async -> Inbox {
        let inbox = Inbox(clock: ManualClock())
        let slack: JSONValue = [
            "blocks": [
                ["type": "section", "text": ["type": "mrkdwn", "text": .string("*\(Self.attack)* &lt;script&gt;")]],
                ["type": "section", "fields": [["type": "plain_text", "text": .string(Self.attack)]]],
                [
                    "type": "actions",
                    "elements": [
                        ["type": "button", "text": ["type": "plain_text", "text": .string(Self.attack)], "url": "javascript:alert(1)"]
                    ],
                ],
            ]
        ]
        let hook: JSONValue = ["type": .string(Self.attack), "data": ["title": .string(Self.attack), "text": .string(Self.attack)]]
        for (path, body) in [("/hooks/slack/T/B/\(Self.attack)", slack), ("/hooks/web/\(Self.attack)", hook)] {
            _ = await inbox.receive(WebRequest("POST", path, headers: [("webhook-id", Self.attack)], body: body.bytes))
        }
        let mail = "Subject: \(Self.attack)\r\nFrom: \(Self.attack)\r\nContent-Type: text/html\r\n\r\n<p>hi</p>\(Self.attack)"
        _ = await inbox.receive(from: Self.attack, to: [Self.attack], mail: Array(mail.utf8))
        return inbox
    }

    @Test(arguments: ["/", "/?hold", "/chat", "/mail", "/webhook", "/raw", "/message/1", "/message/2", "/message/3", "/mail/3", "/nowhere"])
    func `nothing that was received becomes part of a page's own markup`(target: String) async {
        let answer = await InboxSite(inbox: inbox()).answer(WebRequest("GET", target))
        let html = String(decoding: answer.body, as: UTF8.self)
        #expect(!html.lowercased().contains("<script"))
        #expect(!html.contains("href=\"javascript"))
        #expect(answer.header("Content-Security-Policy")?.contains("default-src 'none'") == true)
        #expect(answer.status == (target == "/nowhere" ? 404 : 200))
    }

    @Test func `a mail's own HTML is served where no script can run`() async throws {
        let answer = await InboxSite(inbox: inbox()).answer(WebRequest("GET", "/mail/3/html"))
        let policy = try #require(answer.header("Content-Security-Policy"))
        #expect(policy.contains("sandbox") && !policy.contains("allow-scripts") && policy.contains("default-src 'none'"))
        #expect(String(decoding: answer.body, as: UTF8.self).contains("<p>hi</p>"))
    }

    @Test func `the raw bytes are plain text`() async {
        let answer = await InboxSite(inbox: inbox()).answer(WebRequest("GET", "/raw/2"))
        #expect(answer.header("Content-Type") == "text/plain; charset=utf-8")
        #expect(answer.header("X-Content-Type-Options") == "nosniff")
    }

    @Test func `the overview shows all kinds and renews itself, a message does not`() async {
        let site = InboxSite(inbox: await inbox())
        let overview = String(decoding: await site.answer(WebRequest("GET", "/")).body, as: UTF8.self)
        #expect(overview.contains("http-equiv=\"refresh\""))
        for id in ["m1", "m2", "m3"] { #expect(overview.contains("id=\"\(id)\"")) }
        let one = String(decoding: await site.answer(WebRequest("GET", "/message/1")).body, as: UTF8.self)
        #expect(!one.contains("http-equiv=\"refresh\""))
    }

    @Test(arguments: [("/messages.json", 200), ("/style.css", 200), ("/message/99", 404), ("/message/x", 404), ("/mail/1/html", 404)])
    func `other paths answer as they should`(target: String, status: Int) async {
        #expect(await InboxSite(inbox: inbox()).answer(WebRequest("GET", target)).status == status)
    }

    @Test(arguments: [
        ("*b* _i_ ~s~ `c`", "<b>b</b> <i>i</i> <s>s</s> <code>c</code>"),
        ("snake_case_name 2*3*4", "snake_case_name 2*3*4"),
        ("&lt;b&gt; &amp;amp;", "&lt;b&gt; &amp;amp;"),
        ("<https://a.example/?x=1&amp;y|see>", "<a href=\"https://a.example/?x=1&amp;y\" rel=\"noreferrer\">see</a>"),
        ("<javascript:alert(1)|see>", "see"),
        ("<!here> <@U1>", "<span class=\"mention\">@here</span> <span class=\"mention\">@U1</span>"),
        ("a\n&gt; q\nb", "a<span class=\"quoted\">q</span>b"),
        ("a\nb", "a<br>b"),
        ("x\n```\n*y*\n```\nz", "x<pre>*y*</pre>z"),
        ("* a *", "* a *"),
    ])
    func `chat markup is drawn as Slack draws it`(text: String, html: String) {
        #expect(Mrkdwn.markup(text).html == html)
    }
}
