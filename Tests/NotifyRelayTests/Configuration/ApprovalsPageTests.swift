import Foundation
import Policy
import RelayCore
import RelaySupport
import Testing

@testable import NotifyRelay

/// `docs/approvals.md` shows a configuration that works, and names every path of the public side.
struct ApprovalsPageTests {
    private let page: String = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        return (try? String(contentsOf: folder.appendingPathComponent("../../../docs/approvals.md").standardized, encoding: .utf8)) ?? ""
    }()

    @Test func `its configuration is accepted without a warning, and can be run`() throws {
        let examples = page.components(separatedBy: "```yaml\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
        let example = try #require(examples.first { $0.hasPrefix("people:") })
        let (configuration, problems) = Configuration.load(
            text: "accounts: {a: {api_key: \"${K}\"}}\n" + example, file: "page.yaml", folder: "/",
            environment: ["K": "rk_live_x", "SLACK_TOKEN": "xoxb-1-2", "SLACK_SIGNING_SECRET": "8f742231b10e"], readFile: { _ in nil })
        #expect(problems.isEmpty, "\(problems)")
        let read = try #require(configuration)
        #expect(read.routes.first?.approvers == ["ann", "bob"])
        #expect(read.routes.first?.reminders?.moments == [.minutes(30), .hours(2), .hours(4), .hours(8)])
    }

    @Test(arguments: ["/a/", "/hooks/slack", "/hooks/discord", "approvals log", "<store>.key", "link_key"])
    func `it says what one needs to know`(words: String) { #expect(page.contains(words)) }
}
