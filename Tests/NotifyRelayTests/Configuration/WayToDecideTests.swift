import RelaySupport
import Testing

@testable import NotifyRelay

/// `check` warns of approvals that nobody can decide from where they are told.
struct WayToDecideTests {
    private func warning(_ destinations: String, _ routes: String, _ server: String = "{}") -> String? {
        let yaml = """
            accounts: {live: {api_key: "rk_sandbox_x"}}
            destinations: \(destinations)
            routes: \(routes)
            server: \(server)
            """
        let (configuration, _) = Configuration.load(text: yaml, file: "relay.yaml", folder: "/", environment: [:], readFile: { _ in nil })
        return configuration?.lackOfWayToDecide?.description
    }

    private static let slack = "{ops: {type: slack, url: \"https://hooks.slack.com/services/T/B/x\"}}"
    private static let all = "[{name: all, to: [ops]}]"

    @Test func `a room without links and buttons is named at its place`() {
        #expect(
            warning(Self.slack, Self.all)?.hasPrefix(
                "relay.yaml:2:16: warning: approvals are told to ops, and nobody can decide them from there") == true)
    }

    @Test(arguments: [
        (slack, "[{name: runs, when: {kind: run}, to: [ops]}]", "{}"), (slack, "[]", "{}"),
        (slack, all, "{public_listen: \"127.0.0.1:1\", public_url: \"https://a.example\"}"),
        ("{ops: {type: telegram, token: \"1:x\", chat: \"7\"}}", all, "{}"), ("{ops: {type: console}}", all, "{}"),
    ])
    func `there is no warning where nobody is asked, or somebody can answer`(destinations: String, routes: String, server: String) {
        #expect(warning(destinations, routes, server) == nil)
    }
}
