import RelayCore
import RelaySupport

/// What a signed cookie says of a person who is signed in. Whether they are still one of `people:` is looked up for each request.
struct Session: Sendable, Equatable {
    /// 128 random bits.
    var id: String
    var email: String
    var beganAt: Timestamp
    /// When it was last used, to the minute.
    var usedAt: Timestamp

    /// An unused session ends after this part of its length.
    private static let idlePart = 4

    func ends(after length: Duration) -> Timestamp { min(beganAt + length, usedAt + length / Self.idlePart) }

    /// - Parameter length: `server.sign_in.session`.
    func isOpen(at now: Timestamp, length: Duration) -> Bool {
        now < ends(after: length) && beganAt <= now + .seconds(60)
    }

    /// The same session, used now; nil if its cookie need not change yet.
    func used(at now: Timestamp) -> Session? {
        guard usedAt + .seconds(60) < now else { return nil }
        var used = self
        used.usedAt = now
        return used
    }

    /// The cookie's value: the session and its signature.
    func signed(with keys: LinkKeys) -> String {
        keys.sealed([id, email, String(beganAt.seconds), String(usedAt.seconds)].joined(separator: "\n"), for: .session)
    }

    /// Nil if this relay did not sign it.
    init?(_ cookie: String, keys: LinkKeys) {
        guard let text = keys.opened(cookie, for: .session) else { return nil }
        let fields = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 4, let began = Int64(fields[2]), let used = Int64(fields[3]) else { return nil }
        (id, email, beganAt, usedAt) = (fields[0], fields[1], Timestamp(seconds: began), Timestamp(seconds: used))
    }

    init(id: String, email: String, at now: Timestamp) {
        (self.id, self.email, beganAt, usedAt) = (id, email, now, now)
    }
}
