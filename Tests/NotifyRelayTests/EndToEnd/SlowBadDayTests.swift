import Foundation
import RelayCore
import RelaySupport
import Testing

@testable import NotifyRelay

/// Tests how faults of the accounts and receivers may change what is sent, and how they may not.
struct BadDayTests {
    /// A tolerance, because the relay counts waits in whole milliseconds.
    private static let grain = Duration.milliseconds(2)

    @Test(arguments: ["fives", "pages", "limits", "drops"])
    func `of an account that answers badly everything is told once`(account: String) async throws {
        let seen = try await SlowScenes.badDay.value
        let happened = seen.happened.filter { $0.hasPrefix("\(account)/") }
        #expect(happened.count == 5)
        for event in happened { #expect(seen.told[event] == 1, "\(event) \(seen.log)") }
        #expect(try #require(seen.failures[account]) >= 2, "it answered well")
    }

    @Test(arguments: [("errors", 2), ("waits", 1), ("shut", 1)])
    func `what a receiver did not take is sent again, and taken once`(receiver: String, refused: Int) async throws {
        let seen = try await SlowScenes.badDay.value
        let posts = try #require(seen.posts[receiver])
        #expect(posts.filter(\.isTaken).compactMap(\.event).counted == seen.owed.once)
        #expect(posts.count == 3 + refused)
    }

    @Test(arguments: ["silent", "resets", "breaks"])
    func `what a receiver took without saying so is sent once more, under the same id`(receiver: String) async throws {
        let seen = try await SlowScenes.badDay.value
        let posts = try #require(seen.posts[receiver])
        var expected = seen.owed.once
        if let first = posts.first?.event { expected[first] = 2 }
        #expect(posts.compactMap(\.event).counted == expected)
        #expect(Set(posts.compactMap(\.identity)).count == 3)
    }

    @Test func `nothing goes to a receiver before the time that it named`() async throws {
        let posts = try #require(try await SlowScenes.badDay.value.posts["waits"])
        let refused = try #require(posts.first)
        #expect(refused.manner == .refuse(429, retryAfter: "2"))
        #expect(posts.dropFirst().allSatisfy { $0.at >= refused.at + .seconds(2) - Self.grain })
    }

    @Test func `a receiver of five a second gets sixty of sixty, in at most eighty attempts and none too early`() async throws {
        let seen = try await SlowScenes.badDay.value
        #expect(seen.paced.filter(\.isTaken).compactMap(\.event).counted == seen.many.once)
        #expect(seen.paced.count <= 80)
        for (index, post) in seen.paced.enumerated() where !post.isTaken {
            let next = seen.paced[(index + 1)...].first
            #expect(next.map { $0.at >= post.at + .seconds(1) - Self.grain } ?? true)
        }
        #expect(seen.paced.contains { !$0.isTaken }, "it was never asked to wait")
    }

    @Test func `a mail that was put off is delivered once`() async throws {
        let seen = try await SlowScenes.badDay.value
        #expect(seen.greylisted >= 1)
        #expect(seen.mails["grey"]?.values.sorted() == [1, 1, 1])
    }

    @Test func `a mail whose reply after the final dot was lost comes once more, under the same Message-ID`() async throws {
        let seen = try await SlowScenes.badDay.value
        #expect(seen.mails["mute"]?.values.sorted() == [1, 1, 2])
    }

    @Test func `the relay itself takes no harm`() async throws {
        let seen = try await SlowScenes.badDay.value
        #expect(seen.exit == 0)
        #expect(!seen.log.contains(Stage.key) && !seen.log.contains("/hooks/"))
    }
}

extension Set<String> {
    /// A count of one for each element.
    fileprivate var once: [String: Int] { Dictionary(uniqueKeysWithValues: map { ($0, 1) }) }
}
