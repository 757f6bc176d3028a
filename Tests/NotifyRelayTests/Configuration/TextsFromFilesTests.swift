import Channels
import Foundation
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Rendering
import Testing
import Transport

@testable import NotifyRelay

/// Texts from files, as editors and other programs write them.
struct TextsFromFilesTests {
    private func problems(_ yaml: String, environment: [String: String] = [:]) -> [String] {
        Configuration.load(text: yaml, file: "relay.yaml", folder: "/", environment: environment, readFile: { _ in "from a file\r\n" }).1
            .filter { !$0.isWarning }.map(\.description)
    }

    private func file(_ destination: String, rest: String = "") -> String {
        "accounts: {a: {api_key: \"${K}\"}}\ndestinations:\n  ops: \(destination)\nroutes: [{name: all, to: [ops]}]\n\(rest)"
    }

    private let keys = ["K": "rk_live_x", "B": "x\n", "C": "a\u{7}b", "GOOD": "fine"]

    @Test func `a file with CRLF is read as one with LF, and its places are the same`() throws {
        let yaml = file("{type: console}")
        #expect(problems(yaml.replacing("\n", with: "\r\n"), environment: keys).isEmpty)
        #expect(problems("a: 1\r\nb: {\r\nc: 2\r\n", environment: keys).first?.hasPrefix("relay.yaml:") == true)
    }

    @Test func `an indentation with a tab is named`() {
        let found = problems("accounts:\n\ta: {api_key: x}\n")
        #expect(found.count == 1 && found[0].hasPrefix("relay.yaml:2:1:") && found[0].contains("a tab; YAML wants spaces"), "\(found)")
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\n", "relay.yaml:3:1:", "line 1"), ("x:\n  a: 1\n  b: {a: 2}\n  a: 3\n", "relay.yaml:4:3:", "line 2"),
    ])
    func `a key that stands twice is named with both places`(yaml: String, place: String, first: String) {
        let found = problems(yaml)
        #expect(found.first?.hasPrefix(place) == true && found.first?.contains(first) == true, "\(found)")
    }

    @Test(arguments: ["True", "TRUE", "true"])
    func `true in each spelling of YAML is true`(word: String) {
        #expect(problems(file("{type: webhook, url: \"http://hook.example.com/x\", allow_plain: \(word)}"), environment: keys).isEmpty)
    }

    @Test func `merge keys work, and what merges no mapping is named`() {
        let good = "base: &base {type: webhook, allow_plain: true}\n".replacing("base: ", with: "x-base: ")
        let yaml =
            "accounts: {a: {api_key: \"${K}\"}}\ndestinations:\n  one: &one {type: webhook, url: \"http://a.example/x\", allow_plain: true}\n"
            + "  two: {<<: *one, url: \"http://b.example/x\"}\nroutes: [{name: all, to: [one, two]}]\n"
        #expect(problems(yaml, environment: keys).isEmpty, "\(problems(yaml, environment: keys))")
        #expect(good.contains("x-base"))
        let bad = problems("a: &a text\nb: {<<: *a}\n")
        #expect(bad.contains { $0.contains("'<<' merges what is no mapping") }, "\(bad)")
    }

    @Test(
        arguments: [
            "{type: email, server: \"smtps://s.example\", from: r@example.com, to: [o@example.com], username: u, password: \"${B}\"}",
            "{type: zulip, server: \"https://z.example\", email: b@z.example, api_key: k, stream: \"${B}\", topic: t}",
            "{type: webhook, url: \"https://h.example/x\", ca_file: \"${C}\"}",
            "{type: webhook, url: \"https://h.example/x\", secret: \"${B}\"}",
            "{type: webhook, url: \"https://h.example/x\", proxy: \"${B}\"}",
        ])
    func `a line break or control character in a value is refused with its place`(destination: String) {
        let found = problems(file(destination), environment: keys)
        #expect(found.contains { $0.hasPrefix("relay.yaml:3:") && $0.contains("a line break or a control character") }, "\(found)")
    }

    @Test func `one line end at the end of a file is no part of a secret`() {
        #expect(problems(file("{type: webhook, url: \"https://h.example/x\", secret: \"${file:/s}\"}"), environment: keys).isEmpty)
    }

    @Test(arguments: ["not a proxy", "ftp://p.example:21", "http://", "://x", "http://p.example:99999"])
    func `what is no proxy is refused`(proxy: String) {
        let found = problems(file("{type: webhook, url: \"https://h.example/x\", proxy: \"\(proxy)\"}"), environment: keys)
        #expect(found.count == 1 && found[0].contains("destinations.ops.proxy is no proxy"), "\(found)")
    }

    @Test(arguments: ["http://p.example:3128", "socks5h://user:pass@p.example:1080", "p.example:3128", "https://p.example"])
    func `a proxy as libcurl reads it is taken`(proxy: String) {
        #expect(problems(file("{type: webhook, url: \"https://h.example/x\", proxy: \"\(proxy)\"}"), environment: keys).isEmpty)
        #expect(ProxyAddress(proxy)?.shown.contains("pass") == false)
    }

    @Test func `a file in another encoding is named with its place`() throws {
        let folder = NSTemporaryDirectory() + "texts-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func problems(_ bytes: [UInt8]) throws -> [String] {
            let path = folder + "/relay.yaml"
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            return Configuration.load(path: path, environment: [:]).1.map { "\($0)".replacing(folder, with: "") }
        }
        let latin = try problems(Array("store: x.db\n# gr".utf8) + [0xFC] + Array("n\n".utf8))
        #expect(latin.count == 1 && latin[0].hasPrefix("/relay.yaml:2:5:") && latin[0].contains("not UTF-8"), "\(latin)")
        let wide = try problems([0xFF, 0xFE] + Array("a\0:\0".utf8))
        #expect(wide.count == 1 && wide[0].contains("UTF-16"), "\(wide)")
        let marked = try problems([0xEF, 0xBB, 0xBF] + Array("nothing: 1\n".utf8))
        #expect(marked.contains { $0.contains("unknown key 'nothing'") }, "\(marked)")
    }

    @Test func `a name in either way of writing its accents fits a pattern in the other`() {
        #expect(Glob(pattern: "Ru\u{308}ck*").matches("R\u{FC}ckerstattung"))
        #expect(Glob(pattern: "R\u{FC}ck*").matches("Ru\u{308}ckerstattung"))
        #expect(!Glob(pattern: "R\u{FC}ck*").matches("Ruckerstattung"))
    }

    @Test(
        arguments: [
            ("https://h.example/ü?q=a b|c{d}\"e\"", "https://h.example/%C3%BC?q=a%20b%7Cc%7Bd%7D%22e%22"),
            ("https://h.example/%C3%BC?a=%7C", "https://h.example/%C3%BC?a=%7C"), ("https://h.example", "https://h.example"),
            ("https://h.example?x=<>", "https://h.example?x=%3C%3E"), ("no address", "no address"),
        ])
    func `a URL is percent-encoded as browsers do it`(written: String, sent: String) { #expect(written.encodedAsBrowsersDo == sent) }

    @Test(
        arguments: [
            ("whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", nil), ("any other text", nil),
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "looks like base64"), ("v1,MfKQ9r8GKYqr", "begins with 'v1,'"),
        ] as [(String, String?)])
    func `a webhook key that is probably something else is warned of`(secret: String, doubt: String?) {
        let found = WebhookKey.doubt(about: Secret(secret))
        #expect(doubt == nil ? found == nil : found?.hasPrefix(doubt ?? "") == true)
    }

    @Test func `a webhook key may lack its padding and use the alphabet of URLs`() throws {
        let one = try #require(WebhookKey(Secret("whsec_ab+/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")))
        let other = try #require(WebhookKey(Secret("whsec_ab-_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")))
        #expect(one.signature(id: "i", timestamp: 1, body: []) == other.signature(id: "i", timestamp: 1, body: []))
    }
}
