import Dedup
import Foundation
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// Where the configuration comes from, and what is said of a file that cannot be read.
struct ConfigurationTextTests {
    private static let yaml = """
        accounts: {live: {api_key: "rk_sandbox_x"}}
        destinations: {ops: {type: console}}
        routes: [{name: all, to: [ops]}]
        """

    @Test func `the whole text may stand in a variable, and its mistakes name the variable`() throws {
        let environment = ["NOTIFY_RELAY_CONFIG_YAML": Self.yaml, "NOTIFY_RELAY_CONFIG": "/nowhere.yaml"]
        let path = ConfigurationText.path(in: environment)
        let (configuration, problems) = Configuration.load(path: path, environment: environment)
        #expect(problems.filter { !$0.isWarning }.isEmpty)
        #expect(configuration?.destinations.map(\.name) == ["ops"])
        let (_, wrong) = Configuration.load(path: path, environment: ["NOTIFY_RELAY_CONFIG_YAML": "accounts: 7"])
        #expect(wrong.contains { $0.description.hasPrefix("$NOTIFY_RELAY_CONFIG_YAML:1:11: accounts is a text") }, "\(wrong)")
    }

    @Test func `without the variable it is the file that is named, else the one in the folder`() {
        #expect(ConfigurationText.path(in: [:]) == "relay.yaml")
        #expect(ConfigurationText.path(in: ["NOTIFY_RELAY_CONFIG_YAML": ""]) == "relay.yaml")
        #expect(ConfigurationText.path(in: ["NOTIFY_RELAY_CONFIG": "/etc/x.yaml"]) == "/etc/x.yaml")
    }

    @Test(arguments: [
        ([:], "/etc/relay/notify-relay.db"), (["NOTIFY_RELAY_STORE": "/data/a.db"], "/data/a.db"),
        (["NOTIFY_RELAY_STORE": "a.db"], "/etc/relay/a.db"),
    ])
    func `the store of a file that names none`(environment: [String: String], path: String) {
        let (configuration, _) = Configuration.load(
            text: Self.yaml, file: "relay.yaml", folder: "/etc/relay", environment: environment, readFile: { _ in nil })
        #expect(configuration?.store.shown == path)
    }

    @Test func `a file that is missing, a folder or not readable is said to be so, with its whole path`() throws {
        let place = try Workplace()
        func said(_ path: String) -> String { Configuration.load(path: path, environment: [:]).1.first?.problem ?? "" }
        #expect(said(place.folder.path + "/none.yaml") == "there is no file \(place.folder.path)/none.yaml")
        #expect(said(place.folder.path) == "\(place.folder.path) is a folder, not a file")
    }

    @Test(.enabled(if: geteuid() != 0)) func `a secret of another user is said with its owner`() {
        #expect(TextFile.rights(of: "/etc/shadow").hasPrefix(": it belongs to uid 0 and gid "))
    }
}
