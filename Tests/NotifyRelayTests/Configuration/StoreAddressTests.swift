import Dedup
import RelaySupport
import Testing

@testable import NotifyRelay

/// `store:` is a file or a database; a database needs a key that all its relays have, and its password is never shown.
struct StoreAddressTests {
    private func load(
        _ store: String, server: String = "{}", destinations: String = "{ops: {type: console}}", environment: [String: String] = [:]
    ) -> (Configuration?, [Problem]) {
        let yaml = """
            store: \(store)
            accounts: {live: {api_key: "rk_sandbox_x"}}
            destinations: \(destinations)
            routes: [{name: all, to: [ops]}]
            server: \(server)
            """
        return Configuration.load(
            text: yaml, file: "relay.yaml", folder: "/etc/relay", environment: environment, readFile: { _ in nil })
    }

    private static let uri = "\"postgresql://relay:${DB_PASSWORD}@127.0.0.1/relay\""
    private static let secrets = ["DB_PASSWORD": "s3cret"]

    @Test func `a database is named without its password`() throws {
        let (configuration, problems) = load(Self.uri, environment: Self.secrets)
        #expect(problems.allSatisfy { $0.isWarning })
        #expect(configuration?.store.shown == "postgresql://relay@127.0.0.1/relay")
        #expect(configuration?.storeProtection == "store postgresql://relay@127.0.0.1/relay: it stays on this machine")
    }

    @Test(arguments: ["a/b", "p@ss:w?rd#%41", "grün &+="])
    func `a value in the place of the password needs no encoding`(password: String) throws {
        let (configuration, _) = load(
            "\"postgresql://${DB_USER}:${DB_PASSWORD}@127.0.0.1:${DB_PORT}/relay\"",
            environment: ["DB_PASSWORD": password, "DB_USER": "re:lay", "DB_PORT": "5433"])
        let store = try #require(configuration).store
        #expect(store.shown == "postgresql://re:lay@127.0.0.1:5433/relay")
        #expect(store == StoreAddress("postgresql://re%3Alay:\(password.percentEncoded)@127.0.0.1:5433/relay"))
    }

    @Test func `a URI that is none is named at its place, without its text`() throws {
        let (configuration, problems) = load("\"postgresql://relay:s3@cret@127.0.0.1/relay\"")
        #expect(configuration == nil)
        let problem = try #require(problems.first).description
        #expect(problem.hasPrefix("relay.yaml:1:8: ") && problem.contains("%40") && !problem.contains("cret"))
    }

    @Test(arguments: [
        ("{public_listen: \"127.0.0.1:1\", public_url: \"https://a.example\"}", "{ops: {type: console}}"),
        ("{}", "{ops: {type: telegram, token: \"1:x\", chat: \"7\"}}"),
    ])
    func `where people decide, a database needs the key that both sign with`(server: String, destinations: String) {
        let (configuration, problems) = load(Self.uri, server: server, destinations: destinations, environment: Self.secrets)
        #expect(configuration == nil)
        #expect(problems.contains { $0.description.contains("server.link_key is missing") }, "\(problems)")
        let key = "link_key: \"a key that is as good as any other one\""
        let withKey = server == "{}" ? "{\(key)}" : server.replacing("{", with: "{\(key), ")
        let (good, _) = load(Self.uri, server: withKey, destinations: destinations, environment: Self.secrets)
        #expect(good != nil)
    }

    @Test func `a variable that names no store is an error, and no file`() {
        let yaml = "accounts: {live: {api_key: \"rk_sandbox_x\"}}"
        let (configuration, problems) = Configuration.load(
            text: yaml, file: "relay.yaml", folder: "/etc", environment: ["NOTIFY_RELAY_STORE": "mysql://relay:s3cret@db/relay"],
            readFile: { _ in nil })
        #expect(configuration == nil)
        #expect(problems.contains { $0.description.contains("NOTIFY_RELAY_STORE") })
        #expect(!problems.contains { $0.description.contains("s3cret") })
    }

    @Test func `a file needs none, because its key is beside it`() {
        #expect(load("./relay.db", server: "{public_listen: \"127.0.0.1:1\", public_url: \"https://a.example\"}").0 != nil)
    }

    @Test func `the socket of a database is in the folder of the service, and of each configuration its own`() throws {
        let store = try #require(StoreAddress("postgresql://relay@127.0.0.1/relay"))
        let one = HealthSocket(store: store, file: "/etc/a.yaml", environment: ["RUNTIME_DIRECTORY": "/run/notify-relay:/run/other"])
        #expect(one.path.hasPrefix("/run/notify-relay/notify-relay-") && one.path.hasSuffix(".sock"))
        let other = HealthSocket(store: store, file: "/etc/b.yaml", environment: ["RUNTIME_DIRECTORY": "/run/notify-relay"])
        #expect(one.path != other.path)
        #expect(HealthSocket(store: store, file: "/etc/a.yaml", environment: [:]).path.hasPrefix("/tmp/notify-relay-"))
        #expect(HealthSocket(store: .file("/data/relay.db"), file: "/etc/a.yaml", environment: [:]).path == "/data/relay.db.sock")
    }
}
