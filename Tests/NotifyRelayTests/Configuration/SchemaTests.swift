import Channels
import Foundation
import RelaySupport
import Testing

@testable import NotifyRelay

/// The JSON Schema says what the reader says. `scripts/schema` judges examples by it.
struct SchemaTests {
    private let schema = ConfigurationSchema().json

    @Test func `deploy/schema.json is what the command prints`() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let file = folder.appendingPathComponent("../../../deploy/schema.json").standardized
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text == schema.indented() + "\n", "`notify-relay schema >deploy/schema.json` writes it")
    }

    @Test func `the top has the keys that the reader knows, and needs what the reader needs`() {
        let (_, problems) = Configuration.load(text: "zzz: 1", file: "", folder: "/", environment: [:], readFile: { _ in nil })
        let known = problems.first { $0.problem.hasPrefix("unknown key") }?.expected?.dropFirst("one of ".count).components(
            separatedBy: ", ")
        #expect(Set(known ?? []) == Set((schema["properties"]?.object ?? [:]).keys))
        #expect(schema["required"] == ["accounts"])
    }

    @Test(arguments: Catalogue.types.map(\.name)) func `a destination has the keys of its type and no other`(type: String) throws {
        let rules = try #require(schema["properties"]?["destinations"]?["additionalProperties"]?["allOf"]?.array)
        let rule = try #require(rules.first { $0["if"]?["properties"]?["type"]?["const"]?.string == type })
        #expect(rule["then"]?["additionalProperties"]?.bool == false)
        let keys = Set((rule["then"]?["properties"]?.object ?? [:]).keys)
        let text = "destinations: {d: {type: \(type), zzz: 1}}"
        let (_, problems) = Configuration.load(text: text, file: "", folder: "/", environment: [:], readFile: { _ in nil })
        let unknown = try #require(problems.first { $0.problem.contains("zzz") })
        #expect(Set(try #require(unknown.expected).dropFirst("one of ".count).components(separatedBy: ", ")) == keys)
    }

    @Test func `what needs a key says so, and what another key replaces does not`() {
        let defined = schema["properties"]
        #expect(defined?["accounts"]?["additionalProperties"]?["required"] == ["api_key"])
        #expect(defined?["routes"]?["items"]?["required"] == ["name"])
        #expect(defined?["digests"]?["additionalProperties"]?["required"] == ["to"])
        #expect(defined?["server"]?["properties"]?["heartbeat"]?["required"] == ["url"])
    }

    @Test func `no mapping is without keys, as one is that the samples lack`() {
        #expect(Self.empty(schema, "").isEmpty, "\(Self.empty(schema, ""))")
        let signIn = schema["properties"]?["server"]?["properties"]?["sign_in"]?["properties"]
        #expect(signIn?["oidc"]?["required"] == ["client_id", "issuer"] && signIn?["header"]?["required"] == ["from", "name"])
    }

    /// The paths of the mappings in which nothing is allowed.
    private static func empty(_ value: JSONValue, _ path: String) -> [String] {
        guard let members = value.object else { return (value.array ?? []).flatMap { empty($0, path + "[]") } }
        let isEmpty = members["properties"]?.object?.isEmpty == true && members["additionalProperties"]?.bool == false
        return (isEmpty ? [path] : []) + members.flatMap { empty($0.value, path + "/" + $0.key) }
    }
}
