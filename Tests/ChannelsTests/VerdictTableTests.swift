import Foundation
import RelayCore
import RelayTesting
import Testing
import Transport

@testable import Channels

/// The tables of verdicts in `docs/destinations.md` are true.
struct VerdictTableTests {
    static let rows = VerdictTable.types.flatMap { table in table.rows.indices.map { (type: table.type, row: $0) } }

    @Test(arguments: rows.indices)
    func `each row is what the channel makes of such a response`(index: Int) async throws {
        let (type, number) = Self.rows[index]
        let table = try #require(VerdictTable.types.first { $0.type == type })
        try await expect(table.rows[number], of: type)
    }

    @Test(arguments: VerdictTable.types.map(\.type).filter { $0 != "webhook" }, VerdictTable.common.indices)
    func `each common row is true for each type with a verdict in the body`(type: String, row: Int) async throws {
        try await expect(VerdictTable.common[row], of: type)
    }

    @Test func `every type that speaks HTTP has a table`() {
        let speakers = Catalogue.types.map(\.name).filter { !["email", "console", "file"].contains($0) }
        #expect(Set(VerdictTable.types.map(\.type)) == Set(speakers))
    }

    @Test func `the page has these tables`() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let file = folder.appendingPathComponent("../../docs/destinations.md").standardized
        let page = try String(contentsOf: file, encoding: .utf8)
        let begin = "<!-- verdicts: made from the tests' table; a test keeps it so -->\n", end = "\n<!-- /verdicts -->"
        let parts = page.components(separatedBy: begin)
        try #require(parts.count == 2)
        let rest = parts[1].components(separatedBy: end)
        try #require(rest.count == 2)
        if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
            try Data((parts[0] + begin + VerdictTable.markdown + end + rest[1]).utf8).write(to: file)
        }
        #expect(rest[0] == VerdictTable.markdown)
    }

    private func expect(_ row: VerdictRow, of type: String) async throws {
        let earlier = row.isEdit ? Receipt(["id": "7", "message_id": "7", "ts": "1.2", "event_id": "$a", "name": "n"]) : nil
        let found = try await verdict(of: type, row.status, row.body, headers: row.headers, editing: earlier)
        #expect(found == row.verdict, "\(type): \(row.what)")
    }
}

/// What is said of a good response that is not understood.
struct RemarkTests {
    @Test(
        arguments: [
            ("slack", #"{"success":true}"#, Receipt.Remark.notUnderstood("200, JSON with success")), ("slack", "ok", nil),
            ("slack", "", .notUnderstood("200, nothing")), ("telegram", "<html><body>Sign in</body></html>", .page),
            ("zulip", #"{"token hush-hush":1}"#, .notUnderstood("200, JSON with tokenhushhush")),
            ("gotify", "hush", .notUnderstood("200, 4 bytes of text")), ("webhook", "whatever", nil),
            ("webhook", "<!DOCTYPE html><p>Sign in", .page), ("teams", "", nil),
        ] as [(String, String, Receipt.Remark?)])
    func `a remark says what came, and holds no values`(type: String, body: String, remark: Receipt.Remark?) async throws {
        let receipt = try await channel(type, over: ScriptedTransport(status: 200, body: body)).deliver(.of())
        #expect(receipt.remark == remark)
    }

    @Test func `an edit after a response without an id posts anew`() async throws {
        let http = ScriptedTransport(status: 200, body: "<html>")
        let channel = try channel("discord", over: http)
        _ = try await channel.update(channel.deliver(.of(.approval)), with: .of(.decision))
        #expect(http.requests.map(\.method) == ["POST", "POST"])
    }
}
