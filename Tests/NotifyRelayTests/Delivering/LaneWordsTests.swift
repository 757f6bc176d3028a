import Dedup
import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// How a lane renders the text of a message.
struct LaneWordsTests {
    /// A relay with one template by the user.
    private func house(_ template: String, named name: String = "normal.mustache") async throws -> House {
        let folder = NSTemporaryDirectory() + "notify-relay-templates-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try template.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
        return try await House(House.file(rest: "templates: \(folder)"))
    }

    @Test func `the user's template is used`() async throws {
        let house = try await house("Ahoy: {{message}}\n")
        try await house.owe("hello")
        await house.deliver()
        #expect(house.channel().delivered.map(\.message.title) == ["Ahoy: hello"])
    }

    @Test func `a template that gives no text falls back to the built-in one, and that is logged`() async throws {
        let house = try await house("{{#overdue}}never{{/overdue}}")
        try await house.owe("hello")
        await house.deliver()
        let message = try #require(house.channel().delivered.first?.message)
        #expect((message.title + message.body).contains("hello"))
        #expect(
            house.book.lines.contains(
                "warning: a template failed and the built-in one was used: normal.mustache gave no text"))
    }

    @Test func `a message bears its recipient, its delivery and a key of its own`() async throws {
        let house = try await House()
        try await house.owe("a", "b")
        await house.deliver()
        let messages = house.channel().delivered.map(\.message)
        #expect(Set(messages.map(\.idempotencyKey)).count == 2)
        #expect(messages[0].idempotencyKey == idempotencyKey(event: House.id("a"), destination: "ops", recipient: ""))
        #expect(messages[0].deliveryID == (try await house.delivery("a").id))
    }
}
