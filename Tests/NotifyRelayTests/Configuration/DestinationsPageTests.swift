import Channels
import Foundation
import RelayCore
import RelaySupport
import Testing

@testable import NotifyRelay

/// `docs/destinations.md` lists the abilities of each type as the catalogue declares them.
struct DestinationsPageTests {
    private let page: String = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        return (try? String(contentsOf: folder.appendingPathComponent("../../../docs/destinations.md").standardized, encoding: .utf8)) ?? ""
    }()

    @Test func `the table of abilities is the catalogue's`() throws {
        let parts = page.components(separatedBy: "<!-- abilities: made by the catalogue; a test keeps it so -->\n")
        let table = try #require(parts.last).components(separatedBy: "\n<!-- /abilities -->")
        #expect(parts.count == 2 && table.count == 2)
        #expect(table[0] == AbilityTable.markdown)
    }

    @Test(arguments: Catalogue.types.map(\.name))
    func `every type has a minimal configuration that is accepted`(type: String) throws {
        let entries = page.components(separatedBy: "```yaml\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
        let examples = entries.filter { $0.contains("type: \(type)") && !$0.contains("type: \(type)_") }
        #expect(!examples.isEmpty, "no example of \(type)")
        for example in examples {
            let yaml =
                "accounts: {a: {api_key: \"${K}\"}}\ndestinations:\n"
                + example.split(separator: "\n").map { "  \($0)\n" }.joined()
            let (_, problems) = Configuration.load(
                text: yaml, file: "page.yaml", folder: "/", environment: Self.values, readFile: { _ in "secret" })
            #expect(problems.filter { !$0.isWarning }.isEmpty, "\(problems)")
        }
    }

    private static let values = [
        "K": "rk_live_x", "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T/B/x", "SLACK_BOT_TOKEN": "xoxb-1-2",
        "DISCORD_WEBHOOK_URL": "https://discord.com/api/webhooks/1/x",
        "TEAMS_WORKFLOW_URL":
            "https://env.environment.api.powerplatform.com/powerautomate/automations/direct/workflows/1/triggers/manual/paths/invoke?api-version=1&sp=%2F&sv=1.0&sig=x",
        "GOOGLE_CHAT_URL": "https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=t", "MATTERMOST_KEY": "x",
        "ROCKETCHAT_PATH": "1/x",
        "TELEGRAM_TOKEN": "1:x", "MATRIX_TOKEN": "syt_x", "ZULIP_KEY": "x", "NTFY_TOPIC": "alerts-7f3k", "GOTIFY_TOKEN": "x",
        "PUSHOVER_TOKEN": "azGDORePK8gMaC0QOYAMyEEuzJnyUi", "PUSHOVER_USER": "uQiRzpo4DXghDmr9QzzfQu27cmVRsG",
        "PAGERDUTY_KEY": "0123456789abcdef0123456789abcdef", "HOOK_URL": "https://hooks.example.com/x",
        "HOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ]
}
