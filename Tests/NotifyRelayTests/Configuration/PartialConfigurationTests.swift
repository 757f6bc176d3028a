import Dedup
import Foundation
import Policy
import Testing

@testable import NotifyRelay

/// What commands that only need the store read of a file with errors. They never guess which store it is.
struct PartialConfigurationTests {
    private func read(_ text: String, environment: [String: String] = [:]) throws -> (part: PartialConfiguration, folder: String) {
        let place = try Workplace()
        try place.write(text, to: "relay.yaml")
        let path = place.folder.path + "/relay.yaml"
        return (PartialConfiguration.read(path: path, environment: environment), place.folder.path)
    }

    private static let rest = """
        accounts:
          a: {api_key: "${NO_SUCH_KEY}"}
        destinations:
          ops: {type: slack, url: "${NO_SUCH_URL}"}
          odd: {type: no-such-type}
        routes:
          - {name: all, to: [ops]}
        """

    @Test func `a file without its secrets gives the store, and all names`() throws {
        let (part, folder) = try read("store: ./kept.db\n" + Self.rest)
        #expect(part.store == .file(folder + "/kept.db"))
        #expect(part.accounts == ["a"] && part.destinations == ["ops", "odd"])
        #expect(part.configuration.routes.map(\.name) == ["all"])
    }

    @Test func `the warning names the first error and counts the others`() throws {
        let (part, folder) = try read(Self.rest)
        #expect(part.store == .file(folder + "/notify-relay.db"))
        let warning = try #require(part.warning)
        #expect(warning.hasPrefix("warning: \(folder)/relay.yaml:2:16: the environment variable NO_SUCH_KEY is not set"))
        #expect(warning.contains(" (and 2 more); ") && !warning.contains("\n"))
    }

    @Test func `a file that is right has no warning`() throws {
        let part = try read("accounts: {a: {api_key: rk_sandbox_x}}\ndestinations: {s: {type: console}}").part
        #expect(part.warning == nil && part.errors.isEmpty)
    }

    @Test(arguments: [
        "store: \"${NO_SUCH_STORE}\"", "store: [a, b]", "stor: ./kept.db", "Store: ./kept.db", "nothing of a mapping", "",
        "accounts: {\n", "store: \"./kept.db\naccounts: {\n", "store: ./kept.db\n  and: more\naccounts: {\n", "store: |\naccounts: {\n",
        "store: a.db\nstore: b.db\n", "store: \"${NO_SUCH_STORE}\"\naccounts: {\n", "x:\n  store: inner.db\naccounts: {\n",
    ])
    func `a store that is not certain is none`(text: String) throws {
        let part = try read(text).part
        #expect(part.store == nil, "\(part.store?.shown ?? "")")
        #expect(!part.errors.isEmpty)
    }

    @Test(arguments: [
        "store: ./kept.db", "store: './kept.db'  # the disk of the relay", "store: \"${STORE}\"", "store: \"${NO_SUCH:-./kept.db}\"",
    ])
    func `a file that is being edited still says its store`(line: String) throws {
        for text in ["accounts:\n  a: {api_key: \"x\n\(line)\nroutes: [", "\(line)\r\naccounts: {\r\n", "\(line)\n\n# more\nroutes: ]"] {
            let (part, folder) = try read(text, environment: ["STORE": "kept.db"])
            #expect(part.store == .file(folder + "/kept.db"), "\(text)")
            #expect(part.accounts == nil && part.destinations == nil && part.errors.count == 1)
        }
    }

    @Test func `no file is no store`() {
        let part = PartialConfiguration.read(path: "/nowhere/relay.yaml", environment: [:])
        #expect(part.store == nil && part.errors.count == 1)
    }
}
