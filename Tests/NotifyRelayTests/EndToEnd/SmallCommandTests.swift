import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// `channels` and `backup`, and the exit of every command without a store.
struct SmallCommandTests {
    @Test func `channels says what each type can do, in the promised shape`() async throws {
        try await Stage.with { stage in
            let channels = try await stage.relay("channels", "--json")
            #expect(channels.status == 0)
            let types = try #require(try channels.json.array)
            #expect(
                types.allSatisfy {
                    $0.keys
                        == ["type", "edit", "thread", "buttons", "native_priority", "idempotency", "silent", "limit", "unit"]
                })
            let names = types.compactMap { $0["type"]?.string }
            #expect(Set(names).isSuperset(of: ["slack", "webhook", "email", "console", "file"]))
            let table = try await stage.relay("channels")
            #expect(table.lines.count == names.count + 1)
        }
    }

    @Test func `a backup made while the relay runs is a whole store`() async throws {
        try await Stage.with { stage in
            let event = await stage.notify()
            let relay = try stage.start("run")
            #expect(await stage.inbox.waitForCount(1))
            let backup = try await stage.relay("backup", "copy.db")
            #expect(backup.status == 0 && backup.out == "wrote copy.db\n", "\(backup.all)")
            #expect(relay.terminate() == 0)
            try stage.configure(Stage.standard(stage.addresses, more: "store: ./copy.db"))
            #expect(try await stage.relay("why", event).status == 0)
            try await stage.once()
            #expect(await stage.inbox.count == 1, "the copy has forgotten what was told")
        }
    }

    @Test func `a backup writes over nothing`() async throws {
        try await Stage.with { stage in
            try await stage.once()
            try stage.place.write("mine", to: "copy.db")
            let backup = try await stage.relay("backup", "copy.db")
            #expect(backup.status == 74)
            #expect(try stage.place.bytes(of: "copy.db") == Data("mine".utf8))
            #expect(try await stage.relay("backup", "nowhere/copy.db").status == 74)
        }
    }

    @Test(arguments: [
        ["status"], ["status", "--json"], ["why", "1"], ["retry", "--all"], ["drop", "--all", "--yes"], ["lanes", "open", "hook"],
        ["approvals", "list"], ["approvals", "approve", "1"], ["approvals", "reject", "1", "--reason", "x"], ["approvals", "log"],
        ["backup", "copy.db"], ["preview", "1", "--for", "hook"],
    ])
    func `a command that needs the store and finds none is 66, and makes none`(words: [String]) async throws {
        try await Stage.with { stage in
            let finished = try RelayProcess(words, in: stage.place.folder)
            #expect(await finished.ended() == 66, "\(finished.outputText)\(finished.errorText)")
            #expect(finished.errorText.contains("there is no store at "))
            #expect(!stage.place.has("notify-relay.db") && !stage.place.has("copy.db"))
        }
    }

    @Test(arguments: [
        ["check"], ["probe"], ["send-test", "hook"], ["preview", "--sample", "run", "--for", "hook"], ["run"],
        ["approvals", "approve", "1"], ["digest", "daily", "--now"],
    ])
    func `a wrong configuration is 78 for all that need more of it than the store`(words: [String]) async throws {
        try await Stage.with(yaml: { Stage.standard($0, routes: ["{name: all, to: [hok]}"]) }) { stage in
            let finished = try RelayProcess(words, in: stage.place.folder)
            #expect(await finished.ended() == 78)
            #expect((finished.outputText + finished.errorText).contains("relay.yaml:6:22: "))
        }
    }
}
