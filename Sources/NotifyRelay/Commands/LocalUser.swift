import Glibc

/// The user of this machine who runs a command. The system says who it is; the environment says what its owner wants.
struct LocalUser: Sendable, Equatable {
    var uid: uid_t
    /// The user's name, or `uid:N` for a user without one.
    var name: String

    init(uid: uid_t = getuid(), nameOf: (uid_t) -> String? = Self.name(of:)) {
        self.uid = uid
        name = nameOf(uid) ?? "uid:\(uid)"
    }

    /// Where the user speaks from, as the audit shows it beside the name.
    var place: String { "uid \(uid)" }

    /// The system's name of a user; nil if it has none.
    static func name(of uid: uid_t) -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var room = [CChar](repeating: 0, count: 16_384)
        guard getpwuid_r(uid, &entry, &room, room.count, &found) == 0, found != nil, let name = entry.pw_name, name.pointee != 0 else {
            return nil
        }
        return String(cString: name)
    }
}
