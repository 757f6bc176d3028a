import Dedup
import RelayCore
import RelaySupport

/// What a form carries that asks a person of a chat why they reject, where the chat does not sign what comes back.
///
/// The person's own program gets to see it. So it names the person, and holds nothing with which somebody else could decide.
struct ReasonTicket: Sendable, Equatable {
    var account: String
    var approval: String
    var destination: String
    /// `Destination.room`, so that a form of another room decides nothing here.
    var room: String
    /// The chat's id of the person who is asked.
    var user: String
    /// The hash of what the message showed.
    var shown: String
    var expires: Timestamp

    /// A form that is sent later decides nothing.
    static let patience = Duration.seconds(600)

    /// Nil if a part holds a line break.
    func sealed(with keys: LinkKeys) -> String? {
        let lines = [account, approval, destination, room, user, shown, String(expires.seconds)]
        guard !lines.contains(where: { $0.unicodeScalars.contains("\n") }) else { return nil }
        return keys.sealed(lines.joined(separator: "\n"), for: .reason)
    }

    /// Nil if this relay did not make the text.
    init?(_ text: String, keys: LinkKeys) {
        let lines = keys.opened(text, for: .reason)?.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) ?? []
        guard lines.count == 7, let expires = Int64(lines[6]) else { return nil }
        self.init(
            account: lines[0], approval: lines[1], destination: lines[2], room: lines[3], user: lines[4], shown: lines[5],
            expires: Timestamp(seconds: expires))
    }

    init(account: String, approval: String, destination: String, room: String, user: String, shown: String, expires: Timestamp) {
        self.account = account
        self.approval = approval
        self.destination = destination
        self.room = room
        self.user = user
        self.shown = shown
        self.expires = expires
    }
}
