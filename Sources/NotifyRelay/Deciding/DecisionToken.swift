import Crypto
import RelayCore
import RelaySupport

/// What a link to decide says: which approval, to whom it was sent, and until when it is good. Whoever has it is who it was sent to, or
/// got it from them.
///
/// Written as `<content>.<key id><signature>`, both in base64 for addresses; the content is one line for each part.
struct DecisionToken: Sendable, Equatable {
    var account: String
    var approval: String
    var destination: String
    /// The mark of the one recipient; nil where a room reads it.
    var recipient: String?
    var expires: Timestamp

    private static let version = "1"
    /// A token is far shorter.
    private static let longest = 2_000

    /// Nil if an id holds what no line may.
    func signed(with keys: LinkKeys) -> String? {
        let lines = [Self.version, account, approval, destination, recipient ?? "", String(expires.seconds)]
        guard !lines.contains(where: { $0.contains(where: \.isNewline) }) else { return nil }
        let content = base64URL(Array(lines.joined(separator: "\n").utf8))
        let (id, signature) = keys.sign(content, for: .link)
        return "\(content).\(id)\(base64URL(signature))"
    }

    /// Nil for what we did not write. Whether it has expired is another question.
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

    /// By which an address is found again without standing in the link.
    static func mark(ofRecipient address: String) -> String {
        hexadecimal(SHA256.hash(data: Array(address.lowercased().utf8)).prefix(8))
    }
}
