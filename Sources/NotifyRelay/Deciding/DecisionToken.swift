import Crypto
import RelayCore
import RelaySupport

/// The content of a link to decide: the approval, the recipient, and the time until which the link is valid. A person who opens the link is
/// the recipient or got it from the recipient.
///
/// The text is `<content>.<key id><signature>`, both in base64url. The content has one line for each part.
struct DecisionToken: Sendable, Equatable {
    var account: String
    var approval: String
    var destination: String
    /// The mark of the only recipient or of the room, as it was when the link was sent; nil in links of older versions to a room.
    var recipient: String?
    var expires: Timestamp

    private static let version = "1"
    /// The longest text that is verified, in bytes. Tokens of this relay are far shorter.
    private static let longest = 2_000

    /// Nil if an id holds a line break.
    func signed(with keys: LinkKeys) -> String? {
        let lines = [Self.version, account, approval, destination, recipient ?? "", String(expires.seconds)]
        guard !lines.contains(where: { $0.contains(where: \.isNewline) }) else { return nil }
        let content = base64URL(Array(lines.joined(separator: "\n").utf8))
        let (id, signature) = keys.sign(content, for: .link)
        return "\(content).\(id)\(base64URL(signature))"
    }

    /// Nil if this relay did not sign the text. A token that has expired is still read.
    init?(_ text: String, keys: LinkKeys) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.longest, parts.count == 2, parts[1].utf8.count > LinkKeys.idLength,
            let signature = bytes(base64URL: parts[1].dropFirst(LinkKeys.idLength)),
            keys.verifies(signature, of: String(parts[0]), for: .link, id: String(parts[1].prefix(LinkKeys.idLength))),
            let content = bytes(base64URL: parts[0])
        else { return nil }
        let lines = String(decoding: content, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 6, lines[0] == Self.version, let expires = Int64(lines[5]) else { return nil }
        self.init(
            account: lines[1], approval: lines[2], destination: lines[3], recipient: lines[4].isEmpty ? nil : lines[4],
            expires: Timestamp(seconds: expires))
    }

    init(account: String, approval: String, destination: String, recipient: String?, expires: Timestamp) {
        self.account = account
        self.approval = approval
        self.destination = destination
        self.recipient = recipient
        self.expires = expires
    }

    /// A hash that identifies a recipient, so that the link holds no address.
    static func mark(ofRecipient address: String) -> String {
        hexadecimal(SHA256.hash(data: Array(address.lowercased().utf8)).prefix(8))
    }

    /// A hash that identifies a room.
    ///
    /// - Parameter room: `Destination.room`.
    static func mark(ofRoom room: String) -> String { hexadecimal(SHA256.hash(data: Array("room\n\(room)".utf8)).prefix(8)) }
}
