import Channels
import Policy
import RelaySupport
import Testing

@testable import NotifyRelay

/// The first configuration that `init` writes.
struct StarterFileTests {
    private func load(_ file: StarterFile) -> (configuration: Configuration?, problems: [Problem]) {
        Configuration.load(
            text: file.text, file: "relay.yaml", folder: "/",
            environment: ["REVKEEN_API_KEY": "rk_sandbox_x", "HOOK": "https://a.example/x"],
            readFile: { _ in nil })
    }

    @Test(arguments: [nil, "08:00"], [nil, "https://relay.example.com"])
    func `it is a configuration without a problem but what it warns of`(digest: String?, url: String?) throws {
        var file = StarterFile(values: [("url", "${HOOK}")])
        (file.digestAt, file.publicURL) = (digest, url)
        let (configuration, problems) = load(file)
        #expect(problems.filter { !$0.isWarning }.isEmpty, "\(problems)\n\(file.text)")
        #expect(configuration?.digests.map(\.name) == (digest == nil ? [] : ["morning"]))
        #expect(configuration?.server.publicURL == url)
        #expect((configuration?.lackOfWayToDecide == nil) == (url != nil))
    }

    @Test func `values are texts, whatever is in them`() throws {
        var file = StarterFile(
            type: "email", values: [("server", "smtps://a.example:465"), ("from", #""Relay, ops" <a@example.com>"#)])
        file.values.append(("to", "ops@example.com"))
        let (configuration, problems) = load(file)
        #expect(problems.filter { !$0.isWarning }.isEmpty, "\(problems)")
        #expect(configuration?.destinations.count == 1)
    }

    @Test(arguments: [
        ("REVKEEN_API_KEY", "${REVKEEN_API_KEY}"), ("${KEY}", "${KEY}"), ("/run/secrets/key", "${file:/run/secrets/key}"),
        ("${file:/run/secrets/key}", "${file:/run/secrets/key}"),
    ])
    func `a secret is named by a variable or a file`(typed: String, written: String) {
        #expect(StarterFile.Reference(typed)?.written == written)
    }

    @Test(arguments: ["", "rk_live_51H-abc", "https://hooks.slack.com/services/T/B/x", "a b", "9KEY", "/a\"b"])
    func `a secret itself is not taken for its name`(typed: String) { #expect(StarterFile.Reference(typed) == nil) }

    @Test func `every type of destination says what it needs`() {
        let schema = ConfigurationSchema()
        #expect(schema.needs(ofType: "slack").map(\.key) == ["url"])
        #expect(schema.needs(ofType: "email").map(\.key) == ["from", "server", "to"])
        #expect(schema.needs(ofType: "console").isEmpty)
        #expect(schema.needs(ofType: "telegram").contains { $0.key == "token" && $0.isSecret })
    }

    @Test func `the dialogue asks again until an answer is good, and for each key of the type`() throws {
        var answers = ["no such type", "telegram", "sec-ret", "BOT_TOKEN", "", "7"], said: [String] = []
        let dialogue = InitDialogue(ask: { _ in answers.isEmpty ? nil : answers.removeFirst() }, say: { said.append($0) })
        #expect(try dialogue.type() == "telegram")
        let values = try dialogue.values(of: "telegram").sorted { $0.key < $1.key }
        #expect(values.map(\.key) == ["chat", "token"])
        #expect(Set(values.map(\.value)).isSubset(of: ["7", "${BOT_TOKEN}", "${TELEGRAM_TOKEN}", "sec-ret", "BOT_TOKEN"]))
        #expect(said.contains { $0.contains("name one of these types") })
    }

    @Test func `a time and an address may be left out, and a wrong one is asked for again`() throws {
        var answers = ["8", "07:30", "none", "", "relay.example.com", "https://relay.example.com"]
        let dialogue = InitDialogue(ask: { _ in answers.isEmpty ? nil : answers.removeFirst() }, say: { _ in })
        #expect(try dialogue.digestAt() == "07:30")
        #expect(try dialogue.digestAt() == nil)
        #expect(try dialogue.publicURL() == nil)
        #expect(try dialogue.publicURL() == "https://relay.example.com")
    }

    @Test func `the end of the input ends it`() {
        let dialogue = InitDialogue(ask: { _ in nil }, say: { _ in })
        #expect(throws: InitDialogue.Ended.self) { try dialogue.key() }
    }
}
