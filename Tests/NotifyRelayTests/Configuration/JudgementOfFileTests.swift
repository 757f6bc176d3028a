import Policy
import RelayCore
import RelaySupport
import Testing

@testable import NotifyRelay

/// Tests the problems that the reader finds, and their places.
struct JudgementOfFileTests {
    @Test func `a key and a host that do not belong together are told at the host`() {
        let reading = Reading(
            "accounts:\n  live: {api_key: \"${KEY}\", base_url: \"https://staging-api.revkeen.com\"}\ndestinations: {s: {type: console}}")
        #expect(
            reading.lines == [
                "relay.yaml:2:39: accounts.live.base_url: a live key with a host for tests; expected https://api.revkeen.com/v2"
            ])
    }

    @Test(arguments: [
        ("rk_sandbox_x", "https://api.revkeen.com/v2", "base_url: a sandbox key with the live host"),
        ("rk_live_x", "https://mock-api.revkeen.com", "base_url: a live key with a host for tests"),
        ("rk_live_x", "http://api.revkeen.com", "base_url: base_url is plain http"),
        ("rk_live_x", "revkeen", "base_url: base_url is no web address"),
        ("other", nil, "api_key: the key's prefix does not say where it belongs"),
        ("rk_live_ä", nil, "api_key: the key holds a space, a line break or a character beyond ASCII"),
    ])
    func `what is wrong with an account's key or host is said`(key: String, host: String?, words: String) {
        let base = host.map { ", base_url: \"\($0)\"" } ?? ""
        let reading = Reading("accounts: {live: {api_key: \"${K}\"\(base)}}\ndestinations: {s: {type: console}}", environment: ["K": key])
        #expect(reading.lines.count == 1, "\(reading.lines)")
        #expect(reading.lines.first?.contains("accounts.live.\(words)") == true, "\(reading.lines)")
    }

    @Test(arguments: [
        ("rk_sandbox_x", "http://127.0.0.1:9/v2"), ("rk_live_x", "http://localhost:9"), ("any", "https://proxy.example/revkeen"),
    ])
    func `a host that is not RevKeen's takes any key`(key: String, host: String) {
        let reading = Reading(
            "accounts: {live: {api_key: \"${K}\", base_url: \"\(host)\"}}\ndestinations: {s: {type: console}}", environment: ["K": key])
        #expect(reading.lines == [])
    }

    @Test func `a route for an account that is not there is told, with what was meant`() {
        let reading = Reading(adding: "  - {name: two, when: {account: [live, lvie]}, to: [ops]}")
        #expect(reading.lines == ["relay.yaml:8:40: no account is called 'lvie'; expected one of live (did you mean 'live'?)"])
    }

    @Test(arguments: [
        ("a: {type: console, was: screen}", ["destinations.a.was is 'screen', which is there itself"]),
        ("a: {type: console, was: a}", ["destinations.a.was is 'a', which is there itself"]),
        ("a: {type: console, was: old}\n  b: {type: file, folder: f, was: old}", ["destinations.b.was claims 'old' a second time"]),
        ("a: {type: console, was: old}\n  b: {type: file, folder: f, was: older}", []),
    ])
    func `a former name belongs to one destination, and to none that is there`(entries: String, expected: [String]) {
        let reading = Reading("accounts: {live: {api_key: \"${KEY}\"}}\ndestinations:\n  screen: {type: console}\n  \(entries)")
        #expect(reading.problems.map(\.problem) == expected)
    }

    @Test func `the same holds for accounts`() {
        let reading = Reading(
            "accounts:\n  live: {api_key: \"${KEY}\", was: other}\n  other: {api_key: \"${KEY}\"}\ndestinations: {s: {type: console}}")
        #expect(
            reading.lines == ["relay.yaml:2:34: accounts.live.was is 'other', which is there itself; expected a name that left the file"])
    }

    @Test(arguments: [
        ("routes: [{to: [screen], when: {kind: run}}]", "routes[0].name is missing"),
        ("destinations: {ops: {url: \"${URL}\", width: 2, anything: 1}}", "destinations.ops.type is missing"),
        ("destinations: {ops: {type: slck, url: \"${URL}\", anything: 1}}", "'slck' is no type"),
        ("priorities: [{when: {kind: run}}]", "priorities[0].is is missing"), ("routes: [{name: all}]", "routes[0].to is missing"),
        ("destinations: {ops: {type: slack}}", "destinations.ops.url is missing"),
        ("server: {heartbeat: {every: 1m}}", "server.heartbeat.url is missing"),
    ])
    func `what is missing is one line only`(text: String, words: String) {
        let destinations = text.hasPrefix("destinations") ? "" : "destinations: {screen: {type: console}}\n"
        let reading = Reading("accounts: {live: {api_key: \"${KEY}\"}}\n\(destinations)\(text)")
        #expect(reading.lines.count == 1, "\(reading.lines)")
        #expect(reading.problems.first?.problem.hasPrefix(words) == true, "\(reading.lines)")
    }

    @Test(arguments: [
        ("destnations: {}", "destinations"), ("routs: []", "routes"), ("tiem_zone: UTC", "time_zone"), ("helth_to: []", "health_to"),
        ("retention: {payload: 1d}", "payloads"), ("server: {lisen: \"127.0.0.1:1\"}", "listen"), ("server: {heartbeat: {ulr: x}}", "url"),
        ("words: {faild: []}", "failed"), ("people: {ann: {revken: u}}", "revkeen"), ("priority_words: {x: hgih}", "high"),
        ("priorities: [{whne: {}, is: high}]", "when"), ("priorities: [{is: norml}]", "normal"),
        ("time_zone: Europe/Londn", "Europe/London"),
        ("health_to: [opps]", "ops"), ("links: {runs: \"https://a.example\"}", "run"),
    ])
    func `a near miss is answered with what was meant`(text: String, meant: String) {
        let reading = Reading(adding: text)
        #expect(reading.problems.contains { $0.meant == meant }, "\(reading.lines)")
    }

    @Test(arguments: [("destinations: {ops: {type: console, width:2}}", "'width:…'"), ("{store:x}", "'store:…'")])
    func `a key that is glued to its value is told to stand off`(text: String, shown: String) {
        let reading = Reading(text)
        #expect(
            reading.problems.contains { $0.problem.hasPrefix("unknown key \(shown)") && $0.expected == "a space after the colon" },
            "\(reading.lines)")
    }

    @Test(arguments: ["completely_different: 1", "zz: 1", "retention: {x: 1d}"]) func `what is near nothing is answered with what there is`(
        text: String
    ) {
        let reading = Reading(adding: text)
        #expect(reading.problems.count == 1 && reading.problems.first?.meant == nil)
        #expect(reading.problems.first?.expected?.hasPrefix("one of ") == true)
    }

    @Test(arguments: [
        ("", "the file is empty"), ("# nothing but a comment", "the file is empty"), ("[]", "is a list"), ("just words", "is a text"),
        ("a: 1\na: 2", "the mapping has a key twice: 'a'"), ("a: [1", "not YAML"),
        ("accounts: {live: {api_key: ${KEY}}}", "put quotes around it"),
    ])
    func `what is no mapping is said in one line`(text: String, words: String) {
        let reading = Reading(text)
        #expect(reading.configuration == nil)
        #expect(reading.lines.contains { $0.contains(words) }, "\(reading.lines)")
    }

    @Test func `JSON is YAML`() {
        let reading = Reading(
            """
            {"accounts": {"live": {"api_key": "${KEY}"}}, "destinations": {"ops": {"type": "slack", "url": "${URL}"}},
             "routes": [{"name": "all", "when": {"priority": "high.."}, "to": ["ops"]}]}
            """)
        #expect(reading.lines == [])
        #expect(reading.configuration?.routes.first?.when.priority == [.high, .urgent])
    }

    @Test(arguments: ["? *l9\n: x", "*l9 : x\n*l8 : y", "{*l9 : x}: y", "- {[*l9]: x}"])
    func `aliases to aliases in a key end in a problem, and soon`(last: String) {
        let levels = (1...9).map { "l\($0): &l\($0) [\(Array(repeating: "*l\($0 - 1)", count: 10).joined(separator: ","))]" }
        let reading = Reading("l0: &l0 [x,x,x,x,x,x,x,x,x,x]\n" + levels.joined(separator: "\n") + "\n" + last)
        #expect(reading.lines.count == 1)
        #expect(
            reading.lines.first?.contains(":6:") == true && reading.lines.first?.contains("too large or too deep") == true,
            "\(reading.lines)")
    }

    @Test func `lists below their key, brackets over lines and merge keys are reckoned too`() {
        let list = { (name: String, item: String) in "\(name): &\(name)\n" + String(repeating: "- *\(item)\n", count: 30) }
        let text = "a: &a [x]\n" + list("b", "a") + list("c", "b") + list("d", "c") + list("e", "d") + list("f", "e") + "? *f\n: x"
        #expect(Reading(text).lines.first?.contains("too large or too deep") == true)
    }

    @Test(arguments: [
        ("trusted: [10.0.0.0/8, 10.0.0.0/33]", ":3:32: server.trusted: '10.0.0.0/33' is no address or block of addresses"),
        ("hosts: [relay.example, \"a b\"]", ":3:33: server.hosts: 'a b' is no name of a host"),
        ("hosts: [\"x.example:80\"]", ":3:18: server.hosts: 'x.example:80' is no name of a host"),
    ])
    func `a proxy or a host that cannot be one is named at its place`(key: String, problem: String) {
        let reading = Reading("accounts: {live: {api_key: \"${KEY}\"}}\ndestinations: {s: {type: console}}\nserver: {\(key)}")
        #expect(reading.lines.count == 1 && reading.lines[0].contains(problem), "\(reading.lines)")
    }

    @Test func `proxies and hosts are read`() throws {
        let reading = Reading(
            "accounts: {live: {api_key: \"${KEY}\"}}\ndestinations: {s: {type: console}}\n"
                + "server: {trusted: [10.0.0.0/8, \"::1\"], hosts: relay.example}")
        let server = try #require(reading.configuration, "\(reading.lines)").server
        #expect(server.trusted.count == 2 && server.hosts == ["relay.example"])
    }

    @Test func `an anchor that is used a hundred times is no bomb`() {
        let routes = (0..<100).map { "  - {name: r\($0), when: *when, to: [ops]}" }.joined(separator: "\n")
        let reading = Reading(
            """
            accounts: {live: {api_key: "${KEY}"}}
            destinations: {ops: {type: slack, url: "${URL}"}}
            routes:
              - name: first
                when: &when
                  priority: high..
                to: [ops]
            \(routes)
            """)
        #expect(reading.lines == [])
    }

    @Test func `a file of aliases to aliases ends in a problem, and soon`() {
        let levels = (1...12).map { "  - &l\($0) [\(Array(repeating: "*l\($0 - 1)", count: 9).joined(separator: ", "))]" }
        let reading = Reading("redact:\n  - &l0 \"$.x\"\n" + levels.joined(separator: "\n"))
        #expect(reading.lines.contains { $0.contains("too large or too deep") }, "\(reading.lines.prefix(3))")
    }

    @Test(arguments: [
        ("Ops", false), ("1ops", false), ("ops mail", false), ("öps", false), ("a123456789012345678901234567890123", false),
        ("slack", false),
        ("a12345678901234567890123456789_-", true), ("o", true), ("console", true),
    ])
    func `names are plain, and a destination does not bear the name of another type`(name: String, isGood: Bool) {
        let reading = Reading("accounts: {live: {api_key: \"${KEY}\"}}\ndestinations: {\"\(name)\": {type: console}}")
        #expect(reading.lines.isEmpty == isGood, "\(reading.lines)")
    }

    @Test(arguments: ["digest", "bundle", "relay"]) func `no account is called like a kind of event`(name: String) {
        let reading = Reading("accounts: {\(name): {api_key: \"${KEY}\"}}\ndestinations: {s: {type: console}}")
        #expect(
            reading.lines.count == 1 && reading.lines[0].hasPrefix("relay.yaml:1:12: '\(name)' cannot be the name of an account"),
            "\(reading.lines)")
    }
}
