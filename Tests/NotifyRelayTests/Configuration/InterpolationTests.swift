import Dedup
import Policy
import RelayCore
import RelaySupport
import Testing

@testable import NotifyRelay

/// Tests `${…}` inside the values of the file.
struct InterpolationTests {
    /// Reads a file in which the text is a value.
    private func reading(_ value: String, _ environment: [String: String] = [:]) -> Reading {
        Reading(adding: "  - {name: two, to: [ops], mention: \"\(value)\"}", environment: Reading.environment.merging(environment) { $1 })
    }

    @Test(arguments: [
        ("https://${HOST}/x", "https://app.example/x"), ("https://${NONE:-other.example}", "https://other.example"),
        ("https://${HOST:-other.example}", "https://app.example"), ("https://${EMPTY:-other.example}", "https://other.example"),
        ("https://${HOST}/${HOST}", "https://app.example/app.example"), ("https://$${HOST}", "https://${HOST}"),
        ("https://$$${HOST}", "https://$${HOST}"), ("https://$HOST", "https://$HOST"), ("https://a$", "https://a$"),
        ("https://${file:/secret}", "https://from a file"), ("https://${NONE:-}x", "https://x"), ("https://${NONE:-a:-b}", "https://a:-b"),
    ])
    func `it is put in after the file was read as YAML`(written: String, value: String) {
        var interpolation = Interpolation(written)
        var complaints: [String] = []
        let text = interpolation.resolve(
            environment: ["HOST": "app.example", "EMPTY": ""], readFile: { Reading.files[$0] },
            complain: { problem, _, _ in complaints.append(problem) })
        #expect(text == value)
        #expect(complaints.isEmpty)
    }

    @Test func `a value that ends in a dollar escapes nothing that follows`() {
        var interpolation = Interpolation("${A}${B}")
        #expect(interpolation.resolve(environment: ["A": "x$", "B": "y"], readFile: { _ in nil }, complain: { _, _, _ in }) == "x$y")
    }

    @Test func `what was put in is not read again`() {
        var interpolation = Interpolation("${A}")
        #expect(interpolation.resolve(environment: ["A": "${B}", "B": "y"], readFile: { _ in nil }, complain: { _, _, _ in }) == "${B}")
    }

    @Test(arguments: ["null", "~", "[a, b]", "{a: b}", "a: b", "# no comment", "'quoted'", "true", " spaced "])
    func `a value from outside is text, whatever YAML would make of it`(value: String) {
        let reading = reading("${WORD}", ["WORD": value])
        #expect(reading.lines == [])
        #expect(reading.configuration?.routes.last?.mention == value)
    }

    @Test(arguments: ["\"${NONE:-}\"", "\"${file:/empty}\"", "\"\"", "", "null", "~"]) func `empty is missing`(value: String) {
        let reading = Reading("accounts:\n  live: {api_key: \(value)}\ndestinations:\n  screen: {type: console}")
        #expect(reading.configuration == nil)
        #expect(reading.lines.count == 1)
        #expect(
            reading.lines.first?.hasPrefix("relay.yaml:2:10: accounts.live.api_key is missing; expected the API key") == true,
            "\(reading.lines)")
    }

    @Test(arguments: ["\"${NONE:-}\"", "\"${file:/empty}\"", "", "null", "~"]) func `empty leaves an optional key at its default`(
        value: String
    ) {
        let reading = Reading(adding: "time_zone: \(value)\nstore: \(value)\nretention: {payloads: \(value)}")
        #expect(reading.lines == [])
        #expect(reading.configuration?.store.shown == "/etc/relay/notify-relay.db")
        #expect(reading.configuration?.retention.payloads == .seconds(90 * 86_400))
    }

    @Test(arguments: [
        ("\"${NONE}\"", "the environment variable NONE is not set"), ("\"${EMPTY}\"", "the environment variable EMPTY is not set"),
        ("\"${file:/nowhere}\"", "there is no file /nowhere"), ("\"${NONE\"", "'${' has no end"),
    ])
    func `what cannot be put in is one line, at its place`(value: String, problem: String) {
        let reading = Reading(
            "accounts:\n  live: {api_key: \(value)}\ndestinations:\n  screen: {type: console}", environment: ["EMPTY": ""])
        #expect(reading.lines.count == 1, "\(reading.lines)")
        #expect(reading.lines.first?.hasPrefix("relay.yaml:2:19: \(problem)") == true, "\(reading.lines)")
    }

    @Test func `in a list too it is one line`() {
        let reading = Reading(
            "accounts:\n  live: {api_key: \"${KEY}\"}\ndestinations:\n  screen: {type: console}\nroutes:\n  - {name: all, to: [\"${NONE}\"]}"
        )
        #expect(reading.lines.count == 1, "\(reading.lines)")
        #expect(reading.lines.first?.hasPrefix("relay.yaml:6:22: the environment variable NONE is not set") == true)
    }

    @Test func `each variable that is not set is told`() {
        let reading = Reading(Reading.small, environment: [:])
        #expect(
            reading.lines.map { $0.prefix { $0 != ";" } } == [
                "relay.yaml:2:19: the environment variable KEY is not set", "relay.yaml:4:27: the environment variable URL is not set",
            ])
    }

    @Test(arguments: [
        ("${file:/secret}", "from a file"), ("${file:beside}", "beside the file"),
    ])
    func `a file's last newline is dropped, and a relative path starts beside the configuration`(written: String, value: String) {
        let reading = reading(written)
        #expect(reading.lines == [])
        #expect(reading.configuration?.routes.last?.mention == value)
    }

    @Test func `a file with more lines than one is refused where one line is wanted`() {
        #expect(reading("${file:/two-lines}").lines.contains { $0.contains("holds a line break or a control character") })
    }

    @Test func `a key is taken as it is written`() {
        let reading = Reading(adding: "\"${KEY}\": 1")
        #expect(reading.lines.first?.hasPrefix("relay.yaml:8:1: unknown key '${KEY}'") == true, "\(reading.lines)")
    }
}
