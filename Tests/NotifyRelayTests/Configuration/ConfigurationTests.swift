import Foundation
import RelayCore
import Testing

@testable import NotifyRelay

struct ConfigurationTests {
    private func load(
        _ text: String, environment: [String: String] = ["KEY": "rk_live_secret", "URL": "https://hooks.slack.com/services/T/B/secret"]
    )
        -> (Configuration?, [String])
    {
        let (configuration, problems) = Configuration.load(
            text: text, file: "relay.yaml", folder: "/etc/relay", environment: environment,
            readFile: { $0 == "/secret" ? "from a file\n" : nil })
        return (configuration, problems.map(\.description))
    }

    private let small = """
        accounts: {live: {api_key: "${KEY}"}}
        destinations: {ops: {type: slack, url: "${URL}"}}
        routes: [{name: all, to: [ops]}]
        """

    @Test func `a small file brings every default`() throws {
        let configuration = try #require(load(small).0)
        #expect(configuration.store == "/etc/relay/notify-relay.db")
        #expect(configuration.accounts[0].poll.approvals == .seconds(10))
        #expect(configuration.accounts[0].poll.runs == .seconds(10) ... .seconds(300))
        #expect(configuration.accounts[0].catchUp == .seconds(86_400))
        #expect(configuration.destinations[0].width == 1)
        #expect(configuration.destinations[0].giveUp == .seconds(86_400))
        #expect(configuration.retention.audit == .seconds(730 * 86_400))
        #expect(configuration.notYet.isEmpty)
    }

    @Test func `ten mistakes are ten lines with their places`() {
        let (configuration, problems) = load(
            """
            accounts:
              live: {api_key: "${KEY}", pol: {approvals: 10s}}
              relay: {api_key: "${KEY}"}
            destinations:
              ops: {type: slck, url: "${URL}"}
              mail: {type: email, server: "smtps://smtp.example.com", from: "not an address", to: [a@b.example]}
            priorities:
              - {when: {kind: run}, is: loud}
            routes:
              - {name: one, when: {kind: aproval}, to: [ops]}
              - {name: two, to: [opps]}
              - {name: two, when: {priority: hihg..}, to: [ops]}
            time_zone: Mars/Base
            retention: {payloads: ninety}
            """)
        #expect(configuration == nil)
        let places = problems.map { $0.split(separator: " ")[0] }
        #expect(
            places == [
                "relay.yaml:2:29:", "relay.yaml:3:3:", "relay.yaml:5:15:", "relay.yaml:6:65:", "relay.yaml:8:29:", "relay.yaml:10:30:",
                "relay.yaml:11:22:", "relay.yaml:12:12:", "relay.yaml:12:34:", "relay.yaml:13:12:", "relay.yaml:14:23:",
            ], "\(problems.joined(separator: "\n"))")
        #expect(problems.contains { $0.contains("did you mean 'poll'?") })
        #expect(problems.contains { $0.contains("did you mean 'ops'?") })
        #expect(problems.contains { $0.contains("did you mean 'approval'?") })
    }

    @Test(arguments: [
        ("${KEY}", "rk_live_secret"), ("${NONE:-plain}", "plain"), ("${file:/secret}", "from a file"), ("$${KEY}", "${KEY}"),
        ("a${KEY}b", "ark_live_secretb"),
    ])
    func `an interpolation is replaced after parsing`(text: String, value: String) {
        var interpolation = Interpolation(text)
        var complaints: [String] = []
        let resolved = interpolation.resolve(
            environment: ["KEY": "rk_live_secret"], readFile: { $0 == "/secret" ? "from a file\n" : nil },
            complain: { problem, _ in complaints.append(problem) })
        #expect(resolved == value)
        #expect(complaints.isEmpty)
    }

    @Test func `a variable that is not set is named, and nothing secret is`() {
        let (configuration, problems) = load(small, environment: ["URL": "https://hooks.slack.com/services/T/B/secret"])
        #expect(configuration == nil)
        #expect(problems.contains { $0.contains("KEY is not set") })
        #expect(!problems.joined().contains("hooks.slack.com"))
    }

    @Test func `an unquoted variable inside braces is told to be quoted`() {
        let (_, problems) = load("accounts: {live: {api_key: ${KEY}}}")
        #expect(problems.contains { $0.contains("put quotes around it") }, "\(problems)")
    }

    @Test func `what only later versions can do is accepted and named`() throws {
        let configuration = try #require(
            load(
                small + """

                    digests: {morning: {at: "08:00", to: [ops]}}
                    server: {public_listen: "0.0.0.0:9000", public_url: "https://relay.example"}
                    """
            ).0)
        let named = configuration.notYet.map(\.problem).joined(separator: "\n")
        #expect(named.contains("digests"))
        #expect(named.contains("server.public_url"))
    }

    @Test func `the example in deploy is accepted, and this version can run it`() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../deploy/config.example.yaml")
            .standardized
        let text = try String(contentsOf: file, encoding: .utf8)
        let (configuration, problems) = Configuration.load(
            text: text, file: "config.example.yaml", folder: "/etc",
            environment: ["REVKEEN_API_KEY": "rk_live_x", "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T/B/x"],
            readFile: { $0 == "/run/secrets/smtp_password" ? "pw" : nil })
        #expect(problems.isEmpty, "\(problems)")
        #expect(try #require(configuration).notYet.isEmpty)
    }
}

struct ConditionTests {
    private let event = Samples.event(.run, priority: nil, now: Timestamp(seconds: 1_000_000))

    @Test func `an empty condition takes everything`() {
        #expect(Condition().fits(event))
    }

    @Test func `lists mean any of, keys mean all of`() {
        #expect(Condition(kind: [.run, .approval]).fits(event))
        #expect(!Condition(kind: [.run], outcome: [.succeeded]).fits(event))
        #expect(Condition(kind: [.run], outcome: [.failed]).fits(event))
    }

    @Test func `a key that the event does not have does not fit`() {
        let condition = Condition(state: [.open])
        #expect(!condition.fits(event))
        #expect(condition.explain(event) == "it has no state")
    }

    @Test func `an automation is named by a glob or by its id`() {
        #expect(Condition(automation: [Glob(pattern: "nightly *")]).fits(event))
        #expect(Condition(automation: [Glob(pattern: event.payload.origin.automationID ?? "-")]).fits(event))
        #expect(Condition(automation: [Glob(pattern: "Daily*")]).explain(event) == "automation is Nightly invoices, not Daily*")
    }
}
