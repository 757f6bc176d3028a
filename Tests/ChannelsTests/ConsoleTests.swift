import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing

struct ConsoleTests {
    @Test(arguments: Event.Kind.allCases)
    func `every kind looks as agreed`(kind: Event.Kind) throws {
        expectGolden(
            try channel("console", [:]).preview(.of(kind, label: kind == .relay ? "Sample" : nil)), "console/\(kind.rawValue).txt")
    }

    @Test func `what is written is what the preview shows`() async throws {
        let written = Locked<[String]>([])
        let write: @Sendable (String) -> Bool = { text in
            written.withLock { $0.append(text) }
            return true
        }
        let channel = try channel("console", [:], tools: tools(write: write))
        _ = try await channel.deliver(.of())
        #expect(written.withLock { $0 } == [channel.preview(.of())])
    }

    @Test func `an output that takes nothing is tried again`() async throws {
        let channel = try channel("console", [:], tools: tools(write: { _ in false }))
        await #expect(throws: DeliveryError(.retry(after: nil), .local, "the standard output takes nothing")) {
            try await channel.deliver(.of())
        }
    }

    @Test(arguments: [
        ("", "Title\n"), ("one", "Title\n  one\n"), ("one\n\ntwo\n", "Title\n  one\n  \n  two\n"),
        ("\nFake title", "Title\n  \n  Fake title\n"),
    ])
    func `no line of a body stands where a title does`(body: String, text: String) throws {
        #expect(try channel("console", [:]).preview(.of(title: "Title", body: body)) == text)
    }
}
