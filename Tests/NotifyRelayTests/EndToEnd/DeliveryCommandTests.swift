import Foundation
import Glibc
import RelayCore
import RelaySupport
import Sandbox
import Testing

@testable import NotifyRelay

/// `retry`, `drop` and `lanes open` change owed and dead deliveries and closed lanes by hand.
struct DeliveryCommandTests {
    /// Runs the body with a store that holds one dead delivery to `hook` and one to `side`.
    private func prepared(_ body: (Stage, [String]) async throws -> Void) async throws {
        let yaml: (SandboxAddresses) -> String = {
            Stage.standard(
                $0, destinations: ["side: {type: webhook, url: \"\($0.webhook("side"))\"}"],
                routes: ["{name: low, when: {priority: low}, to: [side]}", "{name: normal, when: {priority: normal}, to: [hook]}"])
        }
        try await Stage.with(yaml: yaml) { stage in
            await stage.inbox.arrange { $0.always = InboxFaults.Refusal(400) }
            let events = [await stage.notify("to hook"), await stage.notify("to side", priority: "low")]
            try await stage.once()
            await stage.inbox.arrange { $0.always = nil }
            #expect(await stage.inbox.count == 0)
            try await body(stage, events)
        }
    }

    @Test func `retry puts one back, and the next run delivers it under the same id`() async throws {
        try await prepared { stage, events in
            let retry = try await stage.relay("retry", events[0])
            #expect(retry.status == 0 && retry.out == "1 put back\n", "\(retry.all)")
            try await stage.once()
            #expect(await stage.told == [events[0]])
        }
    }

    @Test func `retry takes the number that status shows`() async throws {
        try await prepared { stage, events in
            let dead = try #require(try await stage.relay("status", "--json").json["dead"]?.array)
            let number = try #require(dead.first { $0["event"]?.string == events[1] }?["id"]?.int)
            #expect(try await stage.relay("retry", "\(number)").out == "1 put back\n")
            try await stage.once()
            #expect(await stage.told == [events[1]])
        }
    }

    @Test func `retry takes all of one destination`() async throws {
        try await prepared { stage, events in
            #expect(try await stage.relay("retry", "--destination", "side").out == "1 put back\n")
            try await stage.once()
            #expect(await stage.told == [events[1]])
        }
    }

    @Test func `retry takes all there are`() async throws {
        try await prepared { stage, events in
            #expect(try await stage.relay("retry", "--all").out == "2 put back\n")
            try await stage.once()
            #expect(Set(await stage.told) == Set(events))
        }
    }

    @Test func `drop gives up what is dead and what is owed, and why says by whom`() async throws {
        try await prepared { stage, events in
            #expect(try await stage.relay("retry", events[0]).status == 0)
            let drop = try await stage.relay("drop", "--all", "--yes")
            #expect(drop.status == 0 && drop.out == "2 dropped\n", "\(drop.all)")
            try await stage.once()
            #expect(await stage.inbox.count == 0)
            for event in events { #expect(try await stage.relay("why", event).out.contains("dropped (dropped by hand)")) }
        }
    }

    @Test func `drop takes one destination, and leaves the other`() async throws {
        try await prepared { stage, events in
            let drop = try await stage.relay("drop", "--destination", "hook", "--yes")
            #expect(drop.out == "1 dropped\n")
            #expect(await stage.statusOf("hook")?["dead"] == 0)
            #expect(await stage.statusOf("side")?["dead"] == 1)
        }
    }

    @Test func `drop without --yes is 64 where nobody can be asked, and drops nothing`() async throws {
        try await prepared { stage, events in
            let drop = try await stage.relay("drop", "--all")
            #expect(drop.status == 64)
            #expect(drop.err.contains("--yes"), "\(drop.err)")
            #expect(await stage.statusOf("hook")?["dead"] == 1)
        }
    }

    @Test(arguments: [("y\n", 0), ("n\n", 2), ("\u{4}", 2)])
    func `drop asks on a terminal, and only yes drops`(answer: String, left: Int) async throws {
        try await prepared { stage, events in
            let terminal = try Terminal()
            terminal.type(answer)
            let drop = try await stage.relay("drop", "--all", input: terminal.inside)
            #expect(drop.status == 0, "\(drop.all)")
            #expect(drop.err.contains("[y/N]"))
            #expect(try await stage.relay("status", "--json").json["dead"]?.array?.count == left)
        }
    }

    @Test(arguments: ["retry", "drop"]) func `what is not known, or not dead, is 66`(command: String) async throws {
        try await prepared { stage, events in
            let yes = command == "drop" ? ["--yes"] : []
            for words in [["a/notification/0"], ["999"], ["--destination", "nowhere"]] {
                let finished = try RelayProcess([command] + words + yes, in: stage.place.folder)
                #expect(await finished.ended() == 66, "\(words): \(finished.outputText)\(finished.errorText)")
            }
        }
    }

    @Test(arguments: [["retry"], ["drop", "--yes"], ["retry", "1", "--all"], ["drop", "--all", "--destination", "hook", "--yes"]])
    func `which ones must be said in one way`(words: [String]) async throws {
        try await prepared { stage, _ in
            let finished = try RelayProcess(words, in: stage.place.folder)
            #expect(await finished.ended() == 64)
            #expect(finished.errorText.contains("name IDs, or --destination NAME, or --all"), "\(finished.errorText)")
        }
    }

    @Test func `lanes open of a destination that is not there is 66`() async throws {
        try await prepared { stage, _ in
            let open = try await stage.relay("lanes", "open", "nowhere")
            #expect(open.status == 66)
            #expect(open.err.contains("'nowhere'"))
        }
    }
}

/// A pseudo-terminal: what is typed at one end is read at the other.
private final class Terminal {
    /// The ioctl numbers of Linux, for which Glibc's module has no names. Source:
    /// https://man7.org/linux/man-pages/man2/TIOCSPTLCK.2const.html
    private static let unlock: UInt = 0x4004_5431, number: UInt = 0x8004_5430

    private let outside: FileHandle
    let inside: FileHandle

    init() throws {
        let outside = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var locked: Int32 = 0, number: Int32 = 0
        guard outside >= 0, ioctl(outside, Self.unlock, &locked) == 0, ioctl(outside, Self.number, &number) == 0 else {
            throw POSIXError(.ENOTTY)
        }
        self.outside = FileHandle(fileDescriptor: outside, closeOnDealloc: true)
        let inside = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard inside >= 0 else { throw POSIXError(.ENOTTY) }
        self.inside = FileHandle(fileDescriptor: inside, closeOnDealloc: true)
    }

    func type(_ text: String) { outside.write(Data(text.utf8)) }
}
