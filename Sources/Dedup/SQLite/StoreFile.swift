import Glibc
import RelaySupport

/// The file of a store, examined without SQLite so that a file of another program is not changed.
struct StoreFile: Sendable {
    enum Condition: Equatable {
        case missing
        /// No bytes yet: a new file, or one whose first transaction never ended.
        case empty
        /// A store of this program with that schema version.
        case ours(version: Int)
        /// A SQLite file of another program.
        case foreign
        case notSQLite

        /// Whether it is a store of ours whose header shows an earlier version.
        func isOlder(than version: Int) -> Bool {
            if case .ours(let own) = self { own < version } else { false }
        }
    }

    /// `NRly`, in the header of every store. Its layout: https://www.sqlite.org/fileformat.html#the_database_header
    static let applicationID: Int32 = 0x4E52_6C79
    private static let magic = Array("SQLite format 3\0".utf8)

    let path: String

    func condition() throws(LedgerError) -> Condition {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return .missing }
            throw Self.failure(errno, "the store \(path) cannot be read")
        }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: 100)
        let count = read(descriptor, &header, header.count)
        guard count >= 0 else { throw Self.failure(errno, "the store \(path) cannot be read") }
        if count == 0 { return .empty }
        guard count == 100, header.starts(with: Self.magic) else { return .notSQLite }
        guard Self.number(header, at: 68) == UInt32(bitPattern: Self.applicationID) else { return .foreign }
        return .ours(version: Int(Self.number(header, at: 60)))
    }

    /// Makes the file, or takes an empty one, with rights for its owner only. SQLite gives `-wal` and `-shm` the same rights.
    func prepare() throws(LedgerError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(errno, "the store \(path) cannot be made") }
        defer { close(descriptor) }
        guard fchmod(descriptor, 0o600) == 0 else { throw Self.failure(errno, "the store \(path) cannot be kept to its owner") }
    }

    /// Makes sure that the store, and what SQLite keeps beside it, belong to this user alone. Whoever writes to a store can put an answer
    /// into it, and the relay sends that answer to RevKeen.
    ///
    /// - Parameter warn: gets a text for each file that its group had rights to, or that everybody could read. These rights are taken away.
    func protect(warn: (String) -> Void) throws(LedgerError) {
        warnOfFolder(warn)
        // A journal is played back into the store when it is opened, so it can hold a whole store of somebody else.
        for end in ["", "-wal", "-shm", "-journal"] {
            let file = path + end
            do {
                close(try OwnFile.open(file, O_RDONLY, excess: OwnFile.groupRights | 0o004, warn: warn))
            } catch {
                if error.fault == .system(ENOENT) { continue }
                throw Self.failure(error, "the store \(file) cannot be read", named: "the store \(file)")
            }
        }
    }

    private func warnOfFolder(_ warn: (String) -> Void) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        var status = stat()
        guard stat(folder, &status) == 0, status.st_mode & 0o002 != 0 else { return }
        warn(
            "everybody may write to the folder of the store, \(folder), and can put a store of their own there; chmod o-w it, or use another"
        )
    }

    /// Flushes the file to the disk, then renames it. A file of that name is an error unless `replacing` is set.
    func rename(to target: String, replacing: Bool) throws(LedgerError) {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(errno, "\(path) cannot be read") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failure(errno, "\(path) cannot be put on the disk") }
        if replacing {
            guard Glibc.rename(path, target) == 0 else { throw Self.failure(errno, "\(target) cannot be made") }
        } else {
            guard link(path, target) == 0 else { throw Self.failure(errno, "\(target) cannot be made") }
            unlink(path)
        }
    }

    func remove() { unlink(path) }

    /// The error for an `errno` of the system, with advice for people.
    static func failure(_ code: Int32, _ what: String) -> LedgerError {
        switch code {
        case EACCES, EPERM, EROFS: LedgerError(.readOnly, "\(what): check the owner and rights of the file and its folder")
        case ENOSPC, EDQUOT: LedgerError(.full, "\(what): free some space on its disk")
        case ENOENT, ENOTDIR: LedgerError(.io, "\(what): its folder does not exist; make it first")
        case EISDIR: LedgerError(.io, "\(what): it is a folder; name a file")
        case ELOOP: LedgerError(.untrusted, "\(what): it is a link; name the file itself")
        case EEXIST: LedgerError(.io, "\(what): there is a file of that name; name another")
        default: LedgerError(.io, "\(what): \(String(cString: strerror(code)))")
        }
    }

    /// The error for a file that could not be opened, or cannot be trusted.
    ///
    /// - Parameters:
    ///   - what: what failed, if the system refused.
    ///   - file: the file by its meaning.
    static func failure(_ error: OwnFileError, _ what: String, named file: String) -> LedgerError {
        if case .system(let code) = error.fault { return failure(code, what) }
        return LedgerError(.untrusted, "\(file) cannot be trusted: \(error.why)")
    }

    private static func number(_ header: [UInt8], at offset: Int) -> UInt32 {
        header[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
