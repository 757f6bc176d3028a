import RelayCore
import RelaySupport
import Testing

@testable import Rendering

/// Which template is used.
struct TemplateSearchTests {
    /// The candidates in the order of the search, best match first.
    private static let forNotifications = [
        "ops.notification-high", "ops.high", "ops.notification", "webhook.notification-high", "webhook.high", "webhook.notification",
        "notification-high", "high", "notification",
    ]
    private static let forRuns = ["ops.run-high", "ops.run", "webhook.run-high", "webhook.run", "run-high", "run"]

    /// User templates with the given names, each of which outputs its own name.
    private func saying(_ names: some Sequence<String>) throws -> TemplateSet {
        try .of(Dictionary(uniqueKeysWithValues: names.map { ($0, "by \($0)") }))
    }

    @Test(arguments: forNotifications.indices) func `of a notification's templates the nearest speaks`(index: Int) throws {
        #expect(try saying(Self.forNotifications[index...]).render().title == "by \(Self.forNotifications[index])")
    }

    @Test(arguments: forRuns.indices) func `of any other kind's templates the nearest speaks`(index: Int) throws {
        #expect(try saying(Self.forRuns[index...]).render(.of(.run), .of(.run)).title == "by \(Self.forRuns[index])")
    }

    @Test(arguments: Priority.allCases, ["webhook", "email", "slack"])
    func `the farthest of the user's goes before the nearest built-in one`(priority: Priority, type: String) throws {
        let set = try TemplateSet.of(["notification": "by the user"], type: type)
        #expect(set.render(.of(.notification, priority), .of(.notification, priority, type: type)).title == "by the user")
    }

    @Test(arguments: ["high", "notification", "low", "webhook.low", "email.high", "notification-low", "run-low"])
    func `what is for others does not speak for a run`(name: String) throws {
        #expect(try saying([name]).render(.of(.run), .of(.run)).title == "Run succeeded")
    }

    @Test func `a priority of its own may be meant for one kind`() throws {
        let set = try saying(["relay-urgent", "approval-low"])
        #expect(set.render(.of(.relay, .urgent), .of(.relay, .urgent)).title == "by relay-urgent")
        #expect(set.render(.of(.relay, .high), .of(.relay, .high)).title == "NotifyRelay: it is down")
        #expect(set.render(.of(.approval, .low), .of(.approval, .low)).title == "by approval-low")
    }

    @Test(arguments: Event.Kind.allCases) func `a destination named chat shows all facts`(kind: Event.Kind) {
        let chat = TemplateSet.builtIn.render(.of(kind), .of(kind, to: "chat"))
        #expect(chat == TemplateSet.builtIn.render(.of(kind), .of(kind, to: "ops")))
        #expect(chat.template.hasPrefix("built-in chat.") == false)
    }

    @Test func `a template for a destination named chat has a second meaning, and check says so`() throws {
        let problems = ProblemList()
        _ = try TemplateSet.of(["chat.run": "mine", "run": "all"], to: "chat", problems)
        #expect(problems.all.map(\.isWarning) == [true])
        #expect(problems.all.first?.description.contains("/chat.run.mustache:1:1: warning: destination 'chat' uses this template") == true)
        let others = ProblemList()
        _ = try TemplateSet.of(["chat.run": "mine"], others)
        #expect(others.all.isEmpty)
    }

    @Test func `which one it was is said`() throws {
        #expect(try saying(["ops.high"]).render().template == "ops.high.mustache")
        #expect(TemplateSet.builtIn.render().template == "built-in high")
    }
}

/// The HTML part of a mail has a separate search.
struct HTMLTemplateTests {
    private func mail(_ files: [String: String]) throws -> Rendered {
        try TemplateSet.of(files, type: "email").render(.of(detail: .notification(NotificationDetail(message: "1 < 2"))), .mail())
    }

    @Test func `without a template of the user both parts are built in`() throws {
        let mail = try mail([:])
        #expect(mail.title == "Important: 1 < 2")
        #expect(mail.html?.contains("1 &lt; 2") == true && mail.html?.contains("</html>") == true)
    }

    @Test func `the user's HTML goes with the built-in text`() throws {
        let mail = try mail(["high.html": "<p>{{message}}</p>"])
        #expect(mail.title == "Important: 1 < 2")
        #expect(mail.html == "<p>1 &lt; 2</p>")
    }

    @Test func `the user's text alone becomes the HTML, made harmless`() throws {
        let mail = try mail(["high": "Look\n{{message}} <b>"])
        #expect(mail.body == "> 1 < 2 <b>")
        #expect(mail.html?.contains("Look\n&gt; 1 &lt; 2 &lt;b&gt;") == true, "\(mail.html ?? "")")
        #expect(mail.html?.contains("</html>") == false, "the built-in HTML says something else than the user's text")
    }

    @Test func `the user's text and HTML each speak for themselves`() throws {
        let mail = try mail(["notification": "text", "high.html": "<p>html</p>"])
        #expect(mail.title == "text" && mail.html == "<p>html</p>")
    }

    @Test func `the nearest HTML speaks`() throws {
        let names = [
            "ops.notification-high", "ops.high", "ops.notification", "email.notification-high", "email.high", "email.notification",
        ]
        for index in names.indices {
            let files = Dictionary(uniqueKeysWithValues: names[index...].map { ("\($0).html", "<p>\($0)</p>") })
            #expect(try mail(files).html == "<p>\(names[index])</p>")
        }
    }

    @Test func `what is no mail gets no HTML`() throws {
        #expect(try TemplateSet.of(["high.html": "<p>x</p>"]).render().html == nil)
    }

    @Test func `a user's HTML that says nothing falls back to the built-in one, and says why`() throws {
        let mail = try mail(["high.html": "{{#failed}}<p>x</p>{{/failed}}"])
        #expect(mail.html?.contains("1 &lt; 2") == true)
        #expect(mail.fellBackBecause == "high.html.mustache gave no text")
    }
}

struct PartialTests {
    @Test func `a user's partial reaches the built-in templates`() throws {
        let text = try TemplateSet.of(["_facts": "Seen {{ago}} ago"]).render()
        #expect(text.title == "Important: notification")
        #expect(text.body == "Seen 2 min ago")
    }

    @Test func `a user's partial of an HTML reaches the built-in ones`() throws {
        let mail = try TemplateSet.of(["_html_facts": "<hr>"], type: "email").render(.of(), .mail())
        #expect(mail.html?.hasSuffix("<hr>") == true, "\(mail.html ?? "")")
    }

    @Test func `a user's template may use a built-in partial`() throws {
        #expect(try TemplateSet.of(["high": "Look\n{{>facts}}"]).render().body == "Time: 2026-11-24 09:00 UTC")
    }

    @Test func `a user's partial may use another, and stand in a list`() throws {
        let set = try TemplateSet.of(["approval": "Do\n{{#actions}}{{>one}}{{/actions}}", "_one": "[{{>two}}]", "_two": "{{line}}"])
        let detail = Detail.approval(ApprovalDetail(id: "1", actions: ["a": 1, "b": 2]))
        #expect(set.render(.of(.approval, detail: detail), .of(.approval)).body == "[a: 1][b: 2]")
    }

    @Test func `what a partial shows is made harmless once`() throws {
        let set = try TemplateSet.of(["high.html": "{{>x}}", "_x": "{{message}}|{{{message}}}|{{&message}}"], type: "email")
        let mail = set.render(.of(detail: .notification(NotificationDetail(message: "<b>&"))), .mail())
        #expect(mail.html == "&lt;b&gt;&amp;|&lt;b&gt;&amp;|&lt;b&gt;&amp;")
    }
}
