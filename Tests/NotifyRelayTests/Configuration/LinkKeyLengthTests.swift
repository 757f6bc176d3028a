import RelayCore
import RelaySupport
import Testing

@testable import NotifyRelay

/// A key that signs has its full length; a shorter one may only verify.
struct LinkKeyLengthTests {
    private static let long = "0123456789abcdef0123456789abcdef"
    private static let short = "0123456789abcdef0123456789abcde"

    private func reading(_ value: String) -> Reading {
        Reading(
            adding: "server: {link_key: \(value)}",
            environment: Reading.environment.merging(["LONG": Self.long, "SHORT": Self.short]) { $1 })
    }

    @Test(arguments: ["\"${SHORT}\"", "[\"${SHORT}\"]", "[\"${SHORT}\", \"${LONG}\"]"])
    func `a short key that signs is an error at its place, which says how to make one`(value: String) throws {
        let lines = reading(value).lines
        #expect(lines.count == 1, "\(lines)")
        let line = try #require(lines.first)
        #expect(
            line.hasPrefix("relay.yaml:8:\(value.hasPrefix("[") ? 21 : 20): server.link_key is so short that it can be guessed"), "\(line)")
        #expect(line.contains("at least 32 bytes") && line.contains("openssl rand -base64 32") && !line.contains(Self.short))
    }

    @Test func `a short key may stand behind one that signs, with a warning`() throws {
        let reading = reading("[\"${LONG}\", \"${SHORT}\"]")
        #expect(reading.problems.count == 1 && reading.problems[0].isWarning)
        #expect(
            reading.lines.first?.contains("relay.yaml:8:32: ") == true && reading.lines.first?.contains("link_expiry") == true,
            "\(reading.lines)")
        let keys = LinkKeys(try #require(reading.configuration).server.linkKeys)
        let old = LinkKeys([Secret(Self.short)]).sign("x", for: .link)
        #expect(keys.verifies(old.signature, of: "x", for: .link, id: old.id))
        #expect(keys.sign("x", for: .link).id == LinkKeys([Secret(Self.long)]).sign("x", for: .link).id)
    }

    @Test(arguments: ["\"${LONG}\"", "[\"${LONG}\"]", "[\"${LONG}\", \"${LONG}\"]"]) func `32 bytes are enough`(value: String) {
        #expect(reading(value).lines.isEmpty)
    }
}
