import Dedup
import RelayCore
import RelaySupport

/// The token that a chat button sends back: the choice, the approval, and the beginning of the hash of what was shown, signed for one
/// account and one destination. It has at most 64 bytes, the limit of Telegram's `callback_data` (https://core.telegram.org/bots/api).
///
/// The chat identifies the person who pressed. The signature proves only that the button is ours, and for which message it was made.
struct ButtonToken: Sendable, Equatable {
    var choice: Choice
    var approval: String
    /// The first eight digits of the hash of what the message showed.
    var shown: String

    static let longest = 64
    private static let signatureLength = 16
    private static let shownLength = 8

    init(choice: Choice, approval: String, shownHash: String) {
        self.choice = choice
        self.approval = approval
        shown = String(shownHash.prefix(Self.shownLength))
    }

    /// Whether the approval still shows what it showed when the button was made.
    func isFor(_ row: ApprovalRow) -> Bool { row.shownHash.prefix(Self.shownLength) == shown }

    /// Nil if the approval's id is too long for a button.
    func signed(account: String, destination: String, with keys: LinkKeys) -> String? {
        let content = self.content
        let signature = keys.sign(Self.signed(content, account, destination), for: .button).signature.prefix(Self.signatureLength)
        let text = "\(content).\(base64URL(signature))"
        return text.utf8.count <= Self.longest ? text : nil
    }

    /// Nil if this relay did not sign the text for this account and destination.
    init?(_ text: String, account: String, destination: String, keys: LinkKeys) {
        guard text.utf8.count <= Self.longest, let dot = text.lastIndex(of: "."),
            let signature = bytes(base64URL: text[text.index(after: dot)...]),
            keys.verifies(
                signature, of: Self.signed(String(text[..<dot]), account, destination), for: .button, length: Self.signatureLength)
        else { return nil }
        let parts = text[..<dot].split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let choice = Self.choices[parts[0]] else { return nil }
        self.choice = choice
        shown = parts[1]
        approval = Self.identifier(parts[2])
    }

    private var content: String { "\(choice == .approve ? "a" : "r").\(shown).\(Self.short(approval))" }

    private static let choices: [String: Choice] = ["a": .approve, "r": .reject]

    private static func signed(_ content: String, _ account: String, _ destination: String) -> String {
        "\(account)\n\(destination)\n\(content)"
    }

    /// Shortens an id. A UUID becomes its 16 bytes in base64. Any other id stays as it is, after `=`, with which no base64 text begins.
    private static func short(_ id: String) -> String {
        let parts = id.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [8, 4, 4, 4, 12], id == id.lowercased(), let bytes = bytes(hexadecimal: parts.joined()) else {
            return "=\(id)"
        }
        return base64URL(bytes)
    }

    private static func identifier(_ short: String) -> String {
        guard !short.hasPrefix("="), let bytes = bytes(base64URL: short), bytes.count == 16 else { return String(short.dropFirst()) }
        let digits = Array(hexadecimal(bytes))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }
}
