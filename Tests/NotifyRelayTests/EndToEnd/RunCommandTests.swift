import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// What `run` refuses, and the exit codes of `run --once`.
struct RunCommandTests {
    @Test func `a wrong file ends it with 78 before anything is asked`() async throws {
        try await Stage.with(yaml: { Stage.standard($0, routes: ["{name: all, to: [hok]}"]) }) { stage in
            let run = try await stage.relay("run")
            #expect(run.status == 78)
            #expect(run.err.contains("relay.yaml:6:22: no destination is called 'hok'"), "\(run.err)")
            #expect(await stage.world.requestLog.total == 0)
        }
    }

    @Test func `once, it looks, delivers and ends with 0`() async throws {
        try await Stage.with { stage in
            let notification = await stage.notify()
            let approval = await stage.ask()
            try await stage.once()
            #expect(Set(await stage.told) == [notification, "a/approval/\(approval)/v1"])
        }
    }

    @Test func `once again, it has nothing to say`() async throws {
        try await Stage.with { stage in
            await stage.notify()
            try await stage.once()
            try await stage.once()
            #expect(await stage.inbox.count == 1)
        }
    }

    @Test(arguments: [500, 503, 401]) func `once ends with 69 if the account was not reached`(status: Int) async throws {
        try await Stage.with { stage in
            await stage.world.arrange { $0.unavailable = status }
            try await stage.once(69)
        }
    }

    @Test func `once ends with 69 while the account asks to wait`() async throws {
        try await Stage.with { stage in
            await stage.world.arrange {
                $0.unavailable = 429
                $0.retryAfter = "1"
            }
            try await stage.once(69)
        }
    }

    @Test func `once ends with 69 if something due stays owed`() async throws {
        try await Stage.with { stage in
            let event = await stage.notify()
            await stage.inbox.arrange { $0.always = InboxFaults.Refusal(500) }
            try await stage.once(69)
            await stage.inbox.arrange { $0.always = nil }
            #expect(try await stage.relay("status").out.contains(event))
        }
    }

    @Test func `a second relay on one store is 75, and the first goes on`() async throws {
        try await Stage.with { stage in
            let first = try stage.start("run")
            await stage.notify("before")
            #expect(await stage.inbox.waitForCount(1))
            let second = try await stage.relay("run")
            #expect(second.status == 75)
            #expect(second.err.contains("process \(first.id)"), "\(second.err)")
            await stage.notify("after")
            #expect(await stage.inbox.waitForCount(2))
            #expect(first.terminate() == 0)
        }
    }

    @Test func `an address that is taken ends it, and names the key`() async throws {
        let taken = try Listener()
        try await Stage.with(yaml: { Stage.standard($0, more: "server: {listen: \"127.0.0.1:\(taken.port)\"}") }) { stage in
            let run = try await stage.relay("run")
            #expect(run.status == 69)
            #expect(run.err.contains("server.listen: 127.0.0.1:\(taken.port)"), "\(run.err)")
        }
        withExtendedLifetime(taken) {}
    }

    @Test(arguments: [["run", "--grace", "soon"], ["run", "--log-level", "loud"], ["run", "--forever"], ["no-such-command"]])
    func `words that it does not know are 64`(arguments: [String]) async throws {
        let place = try Workplace()
        let run = try RelayProcess(arguments, in: place.folder)
        #expect(await run.ended() == 64)
        #expect(run.errorText.contains("Usage:"), "\(run.errorText)")
    }
}

struct MisspellingTests {
    @Test(arguments: [
        (["stauts"], "there is no command 'notify-relay stauts'; did you mean 'notify-relay status'?"),
        (["approvals", "lst"], "there is no command 'notify-relay approvals lst'; did you mean 'notify-relay approvals list'?"),
        (["help", "wyh"], "there is no command 'notify-relay wyh'; did you mean 'notify-relay why'?"),
        (["zebra"], "there is no command 'notify-relay zebra'; 'notify-relay help' lists all"),
    ])
    func `a command that is not known is named, with the one that is meant`(arguments: [String], words: String) {
        #expect(Misspelling.words(for: arguments)?.hasPrefix(words) == true, "\(Misspelling.words(for: arguments) ?? "nothing")")
    }

    @Test(arguments: [
        [], ["--help"], ["status"], ["help"], ["help", "status"], ["approvals", "list"], ["why", "stauts"], ["approvals"],
        ["lanes", "open", "x"],
    ])
    func `what is known, and what is no command, is left to the parser`(arguments: [String]) {
        #expect(Misspelling.words(for: arguments) == nil)
    }
}

struct ColourChoiceTests {
    @Test(arguments: [
        (["status"], ColourChoice.auto, ["status"]), (["--color", "never", "status"], .never, ["status"]),
        (["status", "--color=always", "--json"], .always, ["status", "--json"]),
        (["why", "--", "--color"], .auto, ["why", "--", "--color"]),
    ])
    func `the option may stand anywhere before the two dashes`(arguments: [String], choice: ColourChoice, rest: [String]) throws {
        let taken = try ColourChoice.taken(from: arguments)
        #expect(taken.choice == choice && taken.rest == rest)
    }

    @Test(arguments: [["--color"], ["--color", "red"], ["--color="]]) func `another word is refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { try ColourChoice.taken(from: arguments) }
    }

    @Test func `NO_COLOR counts unless somebody says otherwise`() {
        #expect(ColourChoice.auto.isColoured(onTerminal: true, noColour: false))
        #expect(!ColourChoice.auto.isColoured(onTerminal: true, noColour: true))
        #expect(!ColourChoice.auto.isColoured(onTerminal: false, noColour: false))
        #expect(ColourChoice.always.isColoured(onTerminal: false, noColour: true))
        #expect(!ColourChoice.never.isColoured(onTerminal: true, noColour: false))
    }
}

/// A store that cannot be used ends `run` with 74, and no byte of it changes.
struct UnusableStoreTests {
    private func refuses(_ bytes: Data, saying words: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await Stage.with { stage in
            try stage.place.write(bytes: bytes, to: "notify-relay.db")
            let run = try await stage.relay("run", "--once", sourceLocation: sourceLocation)
            #expect(run.status == 74, "\(run.all)", sourceLocation: sourceLocation)
            #expect(run.err.contains(words), "\(run.err)", sourceLocation: sourceLocation)
            #expect(try stage.place.bytes(of: "notify-relay.db") == bytes, sourceLocation: sourceLocation)
            #expect(!stage.place.has("notify-relay.db-wal"), sourceLocation: sourceLocation)
            #expect(await stage.world.requestLog.total == 0, sourceLocation: sourceLocation)
        }
    }

    /// The bytes of a store that `run` has made.
    private func good() async throws -> Data {
        try await Stage.with { stage in
            await stage.notify()
            try await stage.once()
            return try stage.place.bytes(of: "notify-relay.db")
        }
    }

    @Test func `a file that is no database`() async throws {
        try await refuses(Data(repeating: UInt8(ascii: "x"), count: 5_000), saying: "is no store")
    }

    @Test func `a database of another program`() async throws {
        var other = try await good()
        // `application_id`, at byte 68 of the header: https://www.sqlite.org/fileformat.html
        other.replaceSubrange(68..<72, with: [0, 0, 0, 7])
        try await refuses(other, saying: "a database of another program")
    }

    @Test func `a store of a newer version`() async throws {
        var newer = try await good()
        // `user_version`, at byte 60.
        newer.replaceSubrange(60..<64, with: [0, 0, 0, 99])
        try await refuses(newer, saying: "from a newer version (schema 99")
    }

    @Test func `a store whose pages are damaged`() async throws {
        var damaged = try await good()
        damaged.replaceSubrange(100..<4_096, with: repeatElement(0xAA, count: 3_996))
        try await refuses(damaged, saying: "is damaged")
    }

    @Test func `a folder that is not there`() async throws {
        try await Stage.with(yaml: { Stage.standard($0, more: "store: ./nowhere/relay.db") }) { stage in
            let run = try await stage.relay("run", "--once")
            #expect(run.status == 74)
            #expect(run.err.contains("its folder does not exist"), "\(run.err)")
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible)) func `a folder that may only be read`() async throws {
        let disk = try SmallDisk()
        #expect(disk.protect())
        try await Stage.with(yaml: { Stage.standard($0, more: "store: \(disk.path)/relay.db") }) { stage in
            let run = try await stage.relay("run", "--once")
            #expect(run.status == 74)
            #expect(run.err.contains("check the owner and rights"), "\(run.err)")
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible)) func `a store that may only be read`() async throws {
        let disk = try SmallDisk(), bytes = try await good()
        let file = URL(fileURLWithPath: disk.path + "/relay.db")
        try bytes.write(to: file)
        #expect(disk.protect())
        try await Stage.with(yaml: { Stage.standard($0, more: "store: \(disk.path)/relay.db") }) { stage in
            let run = try await stage.relay("run", "--once")
            #expect(run.status == 74, "\(run.all)")
            #expect(try Data(contentsOf: file) == bytes)
        }
    }
}
