import Dedup
import RelayCore
import RelaySupport

/// The token that a chat button sends back: the choice, the approval, the day on which the button expires, and two signatures. It has at
/// most 64 bytes, the limit of Telegram's `callback_data` (https://core.telegram.org/bots/api).
///
/// The *mark* of 6 bytes says that the button is ours and for which message it was made; nothing is decided by it. The *signature* of 16
/// bytes covers the whole hash of what was shown as well, so it verifies only while the approval shows that.
struct ButtonToken: Sendable, Equatable {
    var choice: Choice
    var approval: String
    /// Whole days since 1970. The button is valid until this day begins, in UTC.
    var lastDay: Int64
    private var mark: [UInt8] = []
    private var signature: [UInt8] = []

    /// The message that a button is made for.
    struct Message: Sendable, Equatable {
        var account: String
        var destination: String
        /// The chat that the destination names: `Destination.room`.
        var room: String
    }

    static let longest = 64
    private static let markLength = 6
    private static let signatureLength = 16

    init(choice: Choice, approval: String, expires: Timestamp) {
        self.choice = choice
        self.approval = approval
        lastDay = expires.seconds.dividedDown(by: 86_400)
    }

    /// Nil if the approval's id is too long for a button.
    func signed(for message: Message, shownHash: String, with keys: LinkKeys) -> String? {
        let mark = keys.sign(markText(message), for: .button).signature.prefix(Self.markLength)
        let signature = keys.sign(signedText(message, shownHash), for: .button).signature.prefix(Self.signatureLength)
        let text = "\(content).\(base64URL(mark))\(base64URL(signature))"
        return text.utf8.count <= Self.longest ? text : nil
    }

    /// Nil if the text has not the form of a token. Whether it is ours only `isOurs` and `isFor` say.
    init?(_ text: String) {
        // An id may begin or end with a scalar that makes one character with the dot beside it, so the dots are found among scalars.
        let scalars = text.unicodeScalars
        guard text.utf8.count <= Self.longest, let dot = scalars.lastIndex(of: "."),
            let signatures = bytes(base64URL: Substring(scalars[scalars.index(after: dot)...].prefix(8))),
            let signature = bytes(base64URL: Substring(scalars[scalars.index(after: dot)...].dropFirst(8))),
            signatures.count == Self.markLength, signature.count == Self.signatureLength
        else { return nil }
        let parts = scalars[..<dot].split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 3, let choice = Self.choices[parts[0]], let day = Int64(parts[1], radix: 36), (0..<1_000_000).contains(day)
        else { return nil }
        self.choice = choice
        lastDay = day
        approval = Self.identifier(parts[2])
        mark = signatures
        self.signature = signature
    }

    /// Whether this relay made the button for a message.
    func isOurs(_ message: Message, keys: LinkKeys) -> Bool {
        keys.verifies(mark, of: markText(message), for: .button, length: Self.markLength)
    }

    /// Whether this relay made the button for a message that showed what has this hash.
    func isFor(_ message: Message, shownHash: String, keys: LinkKeys) -> Bool {
        keys.verifies(signature, of: signedText(message, shownHash), for: .button, length: Self.signatureLength)
    }

    func hasExpired(at now: Timestamp) -> Bool { now.seconds >= lastDay * 86_400 }

    private var content: String { "\(choice == .approve ? "a" : "r").\(String(lastDay, radix: 36)).\(Self.short(approval))" }

    private static let choices: [String: Choice] = ["a": .approve, "r": .reject]

    private func markText(_ message: Message) -> String {
        "mark\n\(message.account)\n\(message.destination)\n\(message.room)\n\(content)"
    }

    private func signedText(_ message: Message, _ hash: String) -> String {
        "shown\n\(message.account)\n\(message.destination)\n\(message.room)\n\(content)\n\(hash)"
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
        // An id may begin with a combining mark, which makes one character with the sign before it.
        if short.unicodeScalars.first == "=" { return String(short.unicodeScalars.dropFirst()) }
        guard let bytes = bytes(base64URL: short), bytes.count == 16 else { return String(short.unicodeScalars.dropFirst()) }
        let digits = Array(hexadecimal(bytes))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }
}
