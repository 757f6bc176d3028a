import Foundation
import RelayCore
import Sandbox
import Testing

@testable import NotifyRelay

/// Commands of the real binary on a store that cannot be used. They end with 74 and tell the person what to do.
struct StoreCommandTests {
    private func onDamagedStore(_ body: (Stage) async throws -> Void) async throws {
        try await Stage.with { stage in
            try stage.place.write(String(repeating: "this was a store once\n", count: 50), to: "notify-relay.db")
            try await body(stage)
        }
    }

    @Test(arguments: [
        ["check"], ["status"], ["why", "a/notification/1"], ["retry", "--all"], ["drop", "--all", "--yes"], ["lanes", "open", "hook"],
        ["approvals", "list"], ["mute"], ["run", "--once"], ["preview", "a/notification/1", "--for", "hook"],
    ])
    func `a store that is none makes a command end with 74, and it says what helps`(words: [String]) async throws {
        try await onDamagedStore { stage in
            let command = try await stage.relay(words)
            #expect(command.status == 74, "\(command.all)")
            #expect(command.err.contains("put a backup in its place"), "\(command.all)")
        }
    }

    @Test func `a sample that arrived is said to have arrived, though the lane could not be opened`() async throws {
        try await onDamagedStore { stage in
            let sent = try await stage.relay("send-test", "hook")
            #expect(sent.status == 74, "\(sent.all)")
            #expect(sent.out == "sent  hook\n")
            #expect(sent.err.contains("`notify-relay lanes open hook`"), "\(sent.err)")
            #expect(await stage.inbox.messages().count == 1)
        }
    }
}
