import RelaySupport
import Sandbox
import Testing

@testable import RevKeen

/// An item that is read from bytes is the one that is read from the whole value.
struct WireFieldsTests {
    private static let values = [
        "null", "true", "false", "0", "1.50", "-3e2", #""""#, #""  ""#, #""open""#, #""0""#, #""2026-11-24T09:00:00Z""#, #""a\nb""#,
        #""\u00e9 é""#, #""tab\tand \"quotes\"""#, #"{"id":"o1","name":"Owner","risk_profile":"high"}"#, "[1,[2],{}]", "{}",
        #""{\"amount\":1}""#, #"{"amount":[1,2,{"a":"b"}]}"#, "\"\u{202E}turned\"", #""9f0c2a-1""#, "\"line\nbreak\"",
    ]
    private static let names = [
        "id", "automation", "automation_id", "automation_name", "status", "summary", "error_message", "created_at", "started_at",
        "completed_at", "type", "priority", "message", "payload_json", "delivered_at", "action_summary", "actions_json", "rejection_reason",
        "other", "sta\\u0074us",
    ]

    private func object(_ chance: inout Chance) -> String {
        let members = (0..<Int.random(in: 0...14, using: &chance)).map { _ in
            "\"\(Self.names.randomElement(using: &chance) ?? "id")\" : \(Self.values.randomElement(using: &chance) ?? "null")"
        }
        return "{\"id\":\"x1\"," + (members + ["\"last\":1"]).joined(separator: " , ") + "}"
    }

    private func expectSame<Item: WireItem & Equatable>(_ type: Item.Type, _ text: String) throws {
        let bytes = Array(text.utf8)
        guard let fields = WireFields(bytes, 0..<bytes.count), let fast = try? Item(fields) else { return }
        let entry = try WireEntry(bytes, 0..<bytes.count)
        let slow: Item? = try entry.item()
        #expect(fast == slow, "\(text)")
    }

    @Test func `whatever its members are`() throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        var chance = Chance(seed: seed)
        print("random objects: seed \(seed)")
        for _ in 0..<3_000 {
            let text = object(&chance)
            try expectSame(Run.self, text)
            try expectSame(Notification.self, text)
            try expectSame(Approval.self, text)
            try expectSame(Automation.self, text)
        }
    }

    @Test func `an object that is cut, too large, or has an escaped name is read from its value`() {
        for text in [#"{"id":"x1""#, #"{"i\u0064":"x1"}"#, #"{"id":"\#(String(repeating: "x", count: 40_000))"}"#] {
            let bytes = Array(text.utf8)
            #expect(WireFields(bytes, 0..<bytes.count) == nil)
        }
    }

    @Test func `what nobody reads costs an entry nothing`() throws {
        let bytes = Array(#"[{"id":"r1","other":nul,"status":"running"},{"id":"r2","status":nul}]"#.utf8)
        let list = try WireList<Run>(bytes, 0..<bytes.count, limit: 10)
        #expect(list.items.map(\.id) == ["r1"] && list.items.first?.status == "running")
        #expect(list.skipped == 1)
    }
}
