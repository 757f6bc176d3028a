import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing

@testable import NotifyRelay

/// Runs `check` of the real binary.
struct CheckCommandTests {
    private static let tenMistakes = """
        accounts:
          a: {api_key: "${STAGE_KEY}", first_loook: 1h}
        destinations:
          hook: {type: webhoook, url: "http://127.0.0.1:9/hooks/x"}
          mail: {type: email, server: "ftp://mail.example", from: "relay@example.com", to: [nobody]}
        routes:
          - {name: one, when: {kind: notifikation}, to: [hook]}
          - {name: two, to: [hok]}
          - {name: Three, to: [hook]}
        time_zone: Europe/Lundun
        retention: {payloads: soon}
        health_to: [nowhere]
        """
    /// The line and column of each mistake, in the order in which they are found.
    private static let places = [
        (2, 32), (4, 16), (5, 31), (5, 85), (7, 30), (8, 22), (9, 12), (10, 12), (11, 23), (12, 13),
    ]

    @Test func `a right file is said to be right, and that is all`() async throws {
        try await Stage.with { stage in
            let check = try await stage.relay("check")
            #expect(check.status == 0)
            // The key is written in the file itself, which gives a warning.
            #expect(check.lines.last == "relay.yaml is right")
            // An account that no store knows is reckoned with 20 automations.
            let forecast = try #require(check.lines.first { $0.hasPrefix("account a: an approval is seen after about") })
            #expect(forecast.contains("with 20 automations, if it has so many, of a run an hour each: "))
            #expect(!stage.place.has("notify-relay.db"), "only `run` makes a store")
        }
    }

    @Test func `ten mistakes are ten lines, each at its place, and the end is 78`() async throws {
        try await Stage.with(yaml: { _ in Self.tenMistakes }) { stage in
            let check = try await stage.relay("check", environment: ["STAGE_KEY": Stage.key])
            #expect(check.status == 78)
            for (line, column) in Self.places {
                #expect(check.lines.count { $0.hasPrefix("relay.yaml:\(line):\(column): ") } == 1, "\(line):\(column) in\n\(check.out)")
            }
            #expect(check.lines.count == 10, "\(check.out)")
        }
    }

    @Test func `with --json they are one document of the promised shape`() async throws {
        try await Stage.with(yaml: { _ in Self.tenMistakes }) { stage in
            let check = try await stage.relay("check", "--json", environment: ["STAGE_KEY": Stage.key])
            #expect(check.status == 78)
            let problems = try #require(try check.json.array)
            #expect(problems.allSatisfy { $0.keys == ["file", "line", "column", "problem", "expected", "meant"] })
            let places = problems.map { "\($0["line"]?.int ?? 0):\($0["column"]?.int ?? 0)" }
            #expect(places.sorted() == Self.places.map { "\($0):\($1)" }.sorted())
            let near = try #require(problems.first { $0["line"]?.int == 8 })
            #expect(near["file"]?.string == "relay.yaml")
            #expect(near["meant"]?.string == "hook")
        }
    }

    @Test func `a template that is wrong is a line with its own file`() async throws {
        try await Stage.with(yaml: { Stage.standard($0, more: "templates: words") }) { stage in
            try FileManager.default.createDirectory(
                at: stage.place.folder.appendingPathComponent("words"), withIntermediateDirectories: true)
            try stage.place.write("a title\nthen {{mesage}}\n", to: "words/high.mustache")
            let check = try await stage.relay("check")
            #expect(check.status == 78)
            #expect(check.lines.contains { $0.contains("/words/high.mustache:2:6: ") && $0.contains("'message'") }, "\(check.out)")
        }
    }

    @Test func `a file that is not there is 78 and names it`() async throws {
        try await Stage.with { stage in
            let check = try await stage.relay("check", "-c", "elsewhere.yaml")
            #expect(check.status == 78)
            #expect(check.out.hasPrefix("elsewhere.yaml:1:1: "), "\(check.out)")
        }
    }

    @Test func `the file is also named by the environment`() async throws {
        try await Stage.with { stage in
            let check = try await stage.relay("check", environment: ["NOTIFY_RELAY_CONFIG": "by-environment.yaml"])
            #expect(check.out.contains("by-environment.yaml:1:1: "), "\(check.all)")
        }
    }
}

/// `check --connect` connects to every account and destination over real sockets.
struct CheckConnectTests {
    @Test func `all answer, and what was not tried is said`() async throws {
        try await Stage.with(yaml: { Stage.standard($0, destinations: [mail($0.smtp)]) }) { stage in
            let check = try await stage.relay("check", "--connect")
            #expect(check.status == 0, "\(check.all)")
            #expect(check.lines.contains { $0.hasPrefix("ok ") && $0.contains("a: answers, automations are visible") }, "\(check.out)")
            #expect(check.lines.contains { $0.hasPrefix("ok ") && $0.contains("hook:") })
            #expect(check.lines.contains { $0.hasPrefix("ok ") && $0.contains("mail:") })
            #expect(check.lines.contains { $0.hasPrefix(" - ") }, "nothing is said to be untried:\n\(check.out)")
            #expect(await stage.inbox.count == 0, "it sent something")
        }
    }

    @Test func `a password that the mail server refuses is 69`() async throws {
        try await Stage.with(yaml: { Stage.standard($0, destinations: [mail($0.smtp)]) }) { stage in
            await stage.inbox.arrange { $0.refusesPassword = true }
            let check = try await stage.relay("check", "--connect")
            #expect(check.status == 69)
            #expect(check.lines.contains { $0.hasPrefix("bad") && $0.contains("mail:") }, "\(check.out)")
            #expect(!check.all.contains("mail-password"))
        }
    }

    @Test func `an account that refuses the key is 69 and says which`() async throws {
        try await Stage.with { stage in
            await stage.world.arrange { $0.unavailable = 401 }
            let check = try await stage.relay("check", "--connect")
            #expect(check.status == 69)
            #expect(check.lines.contains { $0.hasPrefix("bad") && $0.contains(" a: ") }, "\(check.out)")
        }
    }

    @Test func `a port where nobody listens is 69`() async throws {
        let free = try Web.freePort()
        try await Stage.with(yaml: { Stage.standard($0, destinations: ["gone: {type: webhook, url: \"http://127.0.0.1:\(free)/x\"}"]) }) {
            let check = try await $0.relay("check", "--connect")
            #expect(check.status == 69)
            #expect(check.lines.contains { $0.hasPrefix("bad") && $0.contains("gone:") }, "\(check.out)")
            #expect(check.lines.contains { $0.hasPrefix("ok ") && $0.contains("hook:") }, "the others are asked nonetheless")
        }
    }

    @Test func `with --json the findings stay out of the document`() async throws {
        try await Stage.with { stage in
            let check = try await stage.relay("check", "--connect", "--json")
            #expect(check.status == 0)
            #expect(try check.json.array?.allSatisfy { $0["problem"]?.string?.contains("secret") == true } == true, "\(check.out)")
            #expect(check.err.contains("hook:"))
        }
    }

    private func mail(_ server: String) -> String {
        "mail: {type: email, server: \"\(server)\", username: relay, password: mail-password, from: relay@example.com, to: [ops@example.com]}"
    }
}
