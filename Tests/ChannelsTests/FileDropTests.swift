import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

@testable import Channels

struct FileDropTests {
    private let folder = TemporaryFolder()

    private func fileChannel(_ values: [String: Value] = ["folder": "inbox"]) throws -> any Channel {
        try channel("file", values, folder: folder.path)
    }

    @Test func `JSON is a line per message, readable by its owner alone`() async throws {
        let channel = try fileChannel()
        let receipt = try await channel.deliver(.of())
        _ = try await channel.deliver(.of(.run))
        #expect(folder.text("inbox/messages.jsonl") == channel.preview(.of()) + channel.preview(.of(.run)))
        #expect(
            channel.preview(.of()) == (try ChannelsTests.channel("webhook", ["url": "https://a.example"]).preview(.of())) + "\n")
        #expect(folder.permissions("inbox/messages.jsonl") == 0o600)
        #expect(receipt.remote == ["file": "messages.jsonl"])
    }

    @Test func `a line that a crash left half does not spoil the next`() async throws {
        folder.write(#"{"type":"noti"#, to: "messages.jsonl")
        let channel = try fileChannel(["folder": .text(folder.path)])
        _ = try await channel.deliver(.of())
        #expect(folder.text("messages.jsonl") == #"{"type":"noti"# + "\n" + channel.preview(.of()))
    }

    @Test func `many at once stay whole lines`() async throws {
        let channel = try fileChannel()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { _ = try await channel.deliver(.of(body: String(repeating: "x", count: 9_000))) } }
            try await group.waitForAll()
        }
        let lines = try #require(folder.text("inbox/messages.jsonl")).split(separator: "\n")
        #expect(lines.count == 50)
        #expect(Set(lines).count == 1)
    }

    @Test func `a mail is a file named by its delivery, put in place whole`() async throws {
        let channel = try fileChannel(["folder": "inbox", "format": "eml"])
        _ = try await channel.deliver(.of())
        let receipt = try await channel.deliver(.of(title: "Again"))
        #expect(folder.names == ["inbox", "inbox/17.eml"])
        #expect(folder.text("inbox/17.eml") == channel.preview(.of(title: "Again")))
        #expect(folder.permissions("inbox/17.eml") == 0o600)
        #expect(receipt.remote == ["file": "17.eml"])
    }

    @Test func `a mail in a folder looks as agreed`() throws {
        let text = try fileChannel(["folder": "inbox", "format": "eml"]).preview(.of(.approval, .high))
        expectGolden(text, "file/approval.high.eml")
    }

    @Test func `a folder of another name than it should be is tried again, and then is a person's matter`() async throws {
        folder.write("", to: "inbox")
        let channel = try fileChannel()
        await #expect(throws: DeliveryError.self) { try await channel.deliver(.of()) }
        #expect(await channel.connect().map(\.ok) == [false])
        let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.of()) }
        #expect(error?.verdict == .suspect)
        #expect(error?.reason == .local)
    }

    @Test func `no symbolic link is followed`() async throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/messages.jsonl", withDestinationPath: folder.path + "/elsewhere")
        let channel = try fileChannel(["folder": .text(folder.path)])
        await #expect(throws: DeliveryError.self) { try await channel.deliver(.of()) }
        #expect(folder.text("elsewhere") == nil)
    }

    @Test func `a folder that is missing together with its parent is no folder`() async throws {
        let channel = try fileChannel(["folder": "not/there"])
        let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.of()) }
        #expect(error?.verdict == .retry(after: nil))
        #expect(await channel.connect().map(\.ok) == [false])
        #expect(try await fileChannel().connect().map(\.ok) == [true])
    }

    @Test(arguments: [
        (EACCES, DeliveryError.Verdict.suspect), (EROFS, .suspect), (ENOSPC, .retry(after: nil)), (EIO, .retry(after: nil)),
    ])
    func `a full disk passes, a forbidden folder waits for a person`(code: Int32, verdict: DeliveryError.Verdict) {
        #expect(FolderError(step: "write", code: code).judgement.verdict == verdict)
        #expect(FolderError(step: "fsync", code: code, isUncertain: true).judgement.verdict == .uncertain)
    }

    @Test func `an unknown format is refused`() throws {
        #expect(
            try Reading("file", ["folder": "a", "format": "xml"], isInterpolated: false).errors.map(\.problem) == [
                "destinations.ops.format is 'xml'"
            ])
    }
}
