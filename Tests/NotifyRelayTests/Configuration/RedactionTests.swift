import Dedup
import RelayCore
import RelaySupport
import RevKeen
import Testing

@testable import NotifyRelay

/// A redaction path that cannot be read never means that nothing is redacted.
struct RedactionTests {
    private static let wrong = [
        "redact: [\"$.a\", \"a\"]", "redact: {a: b}", "redact: [\"$.a\", [x]]", "redact: \"${EMPTY}\"", "redact: [\"${EMPTY}\"]",
        "redact: [\"$.a\", \"${MISSING}\"]", "redact: \"${MISSING}\"",
    ]

    @Test(arguments: wrong) func `check refuses the list`(text: String) {
        let reading = Reading(adding: text, environment: Reading.environment.merging(["EMPTY": ""]) { $1 })
        #expect(reading.configuration == nil)
        #expect(!reading.lines.isEmpty)
    }

    @Test(arguments: wrong) func `whatever became of the problem, nothing gets through`(text: String) throws {
        let problems = ProblemList()
        var reader = YAMLReader(
            file: "relay.yaml", environment: Reading.environment.merging(["EMPTY": ""]) { $1 }, readFile: { _ in nil }, problems: problems)
        let read = reader.read(Reading.small + "\n" + text)
        let node = try #require(read)
        let root = try #require(ConfigSection(node, path: "", problems: problems))
        let redactor = ConfigurationReader(root: root, folder: "/etc/relay", store: .file("/etc/relay/x.db")).read().redactor
        #expect(redactor.redact(["b": 1]) == .string(Redactor.mark))
    }

    @Test(arguments: ["", "redact: []", "redact:"]) func `without paths nothing is redacted`(text: String) throws {
        let configuration = try #require(Reading(adding: text).configuration)
        #expect(configuration.redactor.redact(["b": 1]) == ["b": 1])
    }
}
