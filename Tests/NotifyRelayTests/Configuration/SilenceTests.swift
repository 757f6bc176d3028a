import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// No problem shows a secret, whatever is wrong with the file and wherever the secret stands.
struct SilenceTests {
    /// A part of every secret here.
    private static let secret = "s3cr3tvalue"

    private func expectSilent(_ reading: Reading, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(!reading.lines.joined(separator: "\n").contains(Self.secret), "\(reading.lines)", sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        "accounts: rk_live_s3cr3tvalue", "accounts: [rk_live_s3cr3tvalue]", "accounts: {live: rk_live_s3cr3tvalue}",
        "accounts: {live: [rk_live_s3cr3tvalue]}", "accounts: {live: {api_key: [rk_live_s3cr3tvalue]}}",
        "accounts: {live: {api_key: {key: rk_live_s3cr3tvalue}}}", "accounts: {live: {api_key: \"rk_live_s3cr3tvalue x\"}}",
        "accounts: {live: {api_key: s3cr3tvalue}}",
        "accounts: {live: {api_key: rk_sandbox_s3cr3tvalue, base_url: \"https://api.revkeen.com\"}}",
        "accounts: {live: {api_key:rk_live_s3cr3tvalue}}", "accounts: {rk_live_s3cr3tvalue: {}}",
        "accounts: {live: {rk_live_s3cr3tvalue: 1}}",
        "accounts: {live: {api_key: \"${KEY}\", base_url: \"https://user:s3cr3tvalue@api.revkeen.com\"}}",
        "accounts: {live: {api_key: \"${KEY}\", proxy: [\"http://user:s3cr3tvalue@proxy\"]}}",
    ])
    func `in an account of the wrong shape`(text: String) {
        let reading = Reading(text + "\ndestinations: {screen: {type: console}}")
        #expect(reading.configuration == nil)
        expectSilent(reading)
    }

    @Test(
        arguments: [
            "ops: https://hooks.slack.com/services/T/B/s3cr3tvalue", "ops: [https://hooks.slack.com/services/T/B/s3cr3tvalue]",
            "ops: xoxb-s3cr3tvalue",
            "ops: {type: https://hooks.slack.com/services/T/B/s3cr3tvalue}",
            "ops: {type: slack, url: [https://hooks.slack.com/services/T/B/s3cr3tvalue]}",
            "ops: {type: slack, url: {x: https://hooks.slack.com/services/T/B/s3cr3tvalue}}",
            "ops: {type: slack, url: \"ftp://hooks.slack.com/s3cr3tvalue\"}",
            "ops: {type: slack, url:https://hooks.slack.com/services/T/B/s3cr3tvalue}",
            "ops: {type: slack, https://hooks.slack.com/services/T/B/s3cr3tvalue: x}",
            "ops: {type: slack, url: \"${URL}\", ulr: \"https://hooks.slack.com/services/T/B/s3cr3tvalue\"}",
            "ops: {type: webhook, url: \"https://a.example:s3cr3tvalue/x\"}", "ops: {type: webhook, url: \"http://a.example/s3cr3tvalue\"}",
            "ops: {type: webhook, url: \"https://a.example/\", secret: whsec_s3cr3tvalue!}",
            "ops: {type: webhook, url: \"https://a.example/\", secret: [whsec_s3cr3tvalue]}",
            "ops: {type: webhook, url: \"https://a.example/\", headers: {Authorization: [Bearer s3cr3tvalue]}}",
            "ops: {type: webhook, url: \"https://a.example/\", headers: [\"Authorization: Bearer s3cr3tvalue\"]}",
            "ops: {type: email, server: \"smtp://u:s3cr3tvalue@mail.example\", from: a@b.example, to: [c@d.example]}",
            "ops: {type: email, server: \"smtps://mail.example\", from: a@b.example, to: [c@d.example], password: s3cr3tvalue}",
            "ops: {type: email, server: \"smtps://mail.example\", from: a@b.example, to: [c@d.example], username: u, password: [s3cr3tvalue]}",
            "ops: {type: email, server: \"smtp://mail.example\", allow_plain: true, from: a@b.example, to: [c@d.example], username: u, password: s3cr3tvalue}",
        ] as [LongText])
    func `in a destination of the wrong shape`(entry: LongText) {
        let entry = entry.text
        let reading = Reading("accounts: {live: {api_key: \"${KEY}\"}}\ndestinations: {\(entry)}")
        #expect(reading.configuration == nil)
        expectSilent(reading)
    }

    @Test(arguments: [
        "routes: [{name: all, to: [\"${URL}\"]}]", "routes: [{name: all, to: https://hooks.slack.com/services/T/B/s3cr3tvalue}]",
        "routes: [{name: \"${URL}\", to: [screen]}]", "routes: [{name: \"rk_live_s3cr3tvalue!\", to: [screen]}]",
        "routes: [{name: all, to: [screen], when: {account: \"${KEY}\"}}]",
        "routes: [{name: all, to: [screen], when: {kind: [\"${KEY}\"]}}]",
        "routes: [{name: all, to: [screen], when: {priority: \"${KEY}..\"}}]", "routes: \"${URL}\"", "health_to: [\"${URL}\"]",
        "time_zone: \"${KEY}\"", "links: {run: \"${KEY}\"}", "links: {run: \"https://a.example/{${KEY}}\"}",
        "retention: {payloads: \"${KEY}\"}",
        "priority_words: {x: \"${KEY}\"}", "redact: [\"${KEY}\"]", "people: {ann: {email: \"${KEY}\"}}", "server: {listen: \"${KEY}\"}",
        "server: {trusted: [\"${KEY}\"]}", "server: {hosts: [\"${URL}\"]}",
        "server: {heartbeat: {url: \"ftp://a.example/s3cr3tvalue\"}}", "server: {public_url: \"${KEY}\", public_listen: \"${KEY}\"}",
        "server: {link_key: [[s3cr3tvalue]]}", "rk_live_s3cr3tvalue: 1", "https://hooks.slack.com/services/T/B/s3cr3tvalue: 1",
        "destinations: {\"https://hooks.slack.com/services/T/B/s3cr3tvalue\": {type: console}}",
    ])
    func `elsewhere`(text: String) {
        let reading = Reading(
            "accounts: {live: {api_key: \"${KEY}\"}}\n" + text
                + (text.hasPrefix("destinations") ? "" : "\ndestinations: {screen: {type: console}}"))
        #expect(reading.configuration == nil, "nothing was wrong with it")
        expectSilent(reading)
    }

    @Test(arguments: [
        "accounts: {live: {api_key: \"rk_live_s3cr3tvalue\u{1}\"}}", "accounts: {live: {api_key: \"rk_live_s3cr3tvalue}}",
        "accounts: {live: {api_key: rk_live_s3cr3tvalue", "accounts:\n  live: {api_key: rk_live_s3cr3tvalue}}",
        "accounts:\n  live: {api_key: @rk_live_s3cr3tvalue}", "accounts:\n  live: {api_key: *rk_live_s3cr3tvalue}",
        "accounts:\n\tlive: {api_key: rk_live_s3cr3tvalue}", "accounts:\n  live: rk_live_s3cr3tvalue: x", "%rk_live_s3cr3tvalue\n---\na: b",
        "accounts: {live: {api_key: !rk_live_s3cr3tvalue x}}", "accounts: {live: {api_key: \"\\qrk_live_s3cr3tvalue\"}}",
        "accounts: {live: {\"rk_live_s3cr3tvalue\": 1, \"rk_live_s3cr3tvalue\": 2}}",
        "accounts: {live: {[rk_live_s3cr3tvalue]: 1}}", "accounts: &rk_live_s3cr3tvalue *rk_live_s3cr3tvalue2",
    ])
    func `in what is no YAML`(text: String) {
        let reading = Reading(text)
        #expect(reading.configuration == nil)
        #expect(!reading.lines.isEmpty)
        expectSilent(reading)
    }

    /// A file with every key that exists.
    private static let everything = """
        {"time_zone": "UTC", "store": "s.db", "links": {"run": "https://a.example/{run_id}"}, "health_to": ["ops"],
         "retention": {"payloads": "1d"}, "redact": ["$.x"], "words": {"failed": ["x"]}, "priority_words": {"x": "high"},
         "people": {"ann": {"revkeen": "u", "email": "a@b.example", "slack": "U1"}},
         "accounts": {"live": {"api_key": "${KEY}", "base_url": "https://api.revkeen.com", "ca_file": "f", "proxy": "http://p.example",
           "first_look": "1h", "catch_up": "1d", "was": "old", "automations": {"only": ["x"], "also": ["y"]},
           "poll": {"approvals": "10s", "runs": "10s..5m", "automations": "5m", "budget": "50%"}}},
         "destinations": {
           "ops": {"type": "slack", "url": "${URL}", "width": 2, "pace": {"burst": 1, "every": "1s"}, "give_up": "1h", "fallback": "hook",
             "was": "old", "time_zone": "UTC", "proxy": "http://p.example", "allow_plain": false, "allow_link_local": false,
             "quiet": {"from": "22:00", "to": "07:00", "days": ["mon"], "time_zone": "UTC", "floor": "high"},
             "ceiling": {"most": 2, "within": "5m"}, "working": {"from": "09:00", "to": "17:00"}},
           "bot": {"type": "slack", "token": "${KEY}", "channel": "C1", "signing_secret": "${KEY}", "api_url": "https://a.example"},
           "hook": {"type": "webhook", "url": "${URL}", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "old_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
             "format": "standard", "headers": {"X-A": "b"}},
           "mail": {"type": "email", "server": "smtps://m.example:465", "from": "a@b.example", "to": ["c@d.example"], "username": "u", "password": "${KEY}",
             "login_options": "AUTH=PLAIN", "ehlo": "h.example", "reply_to": "a@b.example"},
           "files": {"type": "file", "folder": "f", "format": "eml"}, "room": {"type": "matrix", "server": "https://m.example", "token": "${KEY}", "room": "!r:m"}},
         "priorities": [{"when": {"kind": "run"}, "is": "high"}],
         "routes": [{"name": "all", "when": {"account": "live", "kind": ["run"], "priority": "high..", "automation": "x", "state": "open", "outcome": "failed",
             "type": "t", "trigger": "t", "risk": "r"}, "to": ["ops"], "digest": ["morning"], "stop": true, "at_most_once": true, "mention": "x",
             "quiet": {"from": "22:00", "to": "07:00"}, "collapse": {"by": ["error"], "within": "5m"}, "approvers": ["ann"], "two_person": true,
             "remind": ["1h"], "remind_clock": "wall", "overdue": "1h", "escalate": {"after": "1h", "to": ["mail"], "mention": "x"}}],
         "digests": {"morning": {"at": "08:00", "days": ["mon"], "time_zone": "UTC", "to": ["mail"], "send_empty": true, "tell_again": false, "waiting": true}},
         "server": {"listen": "127.0.0.1:1", "public_listen": "127.0.0.1:2", "public_url": "https://r.example", "link_key": ["${URL}"], "link_expiry": "7d", "trusted": ["10.0.0.0/8"], "hosts": ["r.example"],
           "heartbeat": {"url": "${URL}", "every": "1m"}}}
        """

    @Test(arguments: [
        "\"${URL}\"", "\"https://hooks.slack.com/services/T/B/s3cr3tvalue\"", "[\"${KEY}\"]",
        "{\"https://hooks.slack.com/services/T/B/s3cr3tvalue\": {\"x\": \"xoxb-s3cr3tvalue\"}}",
    ])
    func `wherever in the whole file it stands instead of what belongs there`(text: String) throws {
        let whole = try JSONValue(parsing: Array(Self.everything.utf8)), secret = try JSONValue(parsing: Array(text.utf8))
        #expect(Reading(whole.text).configuration != nil, "\(Reading(whole.text).lines)")
        for file in whole.variants(with: secret) { expectSilent(Reading(file.text)) }
    }
}

extension JSONValue {
    /// All copies of this value in which one value, at any depth, is replaced.
    fileprivate func variants(with other: JSONValue) -> [JSONValue] {
        switch self {
        case .object(let members):
            members.flatMap { name, member in
                ([other] + member.variants(with: other)).map { new in .object(members.merging([name: new]) { $1 }) }
            }
        case .array(let items):
            items.indices.flatMap { index in
                ([other] + items[index].variants(with: other)).map { new in
                    var changed = items
                    changed[index] = new
                    return .array(changed)
                }
            }
        case .null, .bool, .number, .string: []
        }
    }
}
