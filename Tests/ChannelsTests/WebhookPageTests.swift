import Foundation
import RelayCore
import Testing

/// `docs/webhook.md` shows the bytes that the tests hold the relay to.
struct WebhookPageTests {
    private static func text(_ path: String) -> String {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        return (try? String(contentsOf: folder.appendingPathComponent(path).standardized, encoding: .utf8)) ?? ""
    }

    @Test(arguments: Event.Kind.allCases) func `each kind of event has its example`(kind: Event.Kind) {
        let file = kind == .notification ? "notification.normal" : "\(kind.rawValue).high"
        let golden = Self.text("Golden/webhook/\(file).json").trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(!golden.isEmpty)
        #expect(Self.text("../../docs/webhook.md").contains("\n## \(kind.rawValue)\n"))
        #expect(Self.text("../../docs/webhook.md").contains("```json\n\(golden)\n```"), "copy \(file).json into docs/webhook.md")
    }
}
