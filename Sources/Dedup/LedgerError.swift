import GRDB

/// An error of the store, with what a person can do about it.
package struct LedgerError: Error, Sendable, Equatable {
    /// A closed set, safe as a metric label.
    package enum Reason: String, Sendable, CaseIterable {
        /// There is no store and this command does not make one.
        case missing
        /// An older version of the program wrote the store, and this command does not bring it up to date.
        case older
        /// A newer version of the program wrote the store.
        case newer
        /// The file belongs to another program.
        case foreign
        /// Somebody else may have touched the store, its lock or its key.
        case untrusted
        case corrupt
        case readOnly
        case full
        /// Another process holds the store.
        case busy
        case io
        case closed
        /// The server of the store cannot be reached now.
        case unreachable
        /// The server does not let the relay in.
        case refused
        /// Another relay leads, so this one writes nothing.
        case fenced
    }

    package var reason: Reason
    /// A text for people that says what is wrong and what to do next. It contains no event and no secret.
    package var detail: String

    package init(_ reason: Reason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }
}

extension LedgerError: CustomStringConvertible {
    package var description: String { detail }
}

extension LedgerError {
    /// Translates SQLite's result codes (https://www.sqlite.org/rescode.html). No other code interprets them.
    init(_ error: any Error, store path: String) {
        if let known = error as? LedgerError {
            self = known
        } else if let failure = error as? DatabaseError {
            self.init(sqlite: failure, store: path)
        } else if let failure = error as? PostgresFailure {
            self.init(postgres: failure, store: path)
        } else {
            self.init(.io, "the store \(path) failed: \(error)")
        }
    }

    private init(sqlite failure: DatabaseError, store path: String) {
        // SQLite reports a disk without room for the file of shared memory as an I/O error.
        let isFull = failure.extendedResultCode == .SQLITE_IOERR_SHMSIZE
        switch isFull ? .SQLITE_FULL : failure.resultCode {
        case .SQLITE_FULL:
            self.init(.full, "no room left for the store \(path): free some space on its disk; nothing recorded is lost")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            self.init(.readOnly, "the store \(path) cannot be written: check the owner of it and its folder, and the disk")
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
            self.init(.busy, "another process is writing to the store \(path) for too long: try again, or look for a stuck process")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(.corrupt, "the store \(path) is damaged: stop the relay and put a backup in its place, \(Self.beside)")
        case .SQLITE_CANTOPEN:
            self.init(.io, "the store \(path) cannot be opened: check that its folder exists and may be written")
        case .SQLITE_MISUSE:
            self.init(.closed, "the store \(path) is closed")
        default:
            let words = failure.message ?? "no message"
            self.init(.io, "the store \(path) failed: \(words) (SQLite \(failure.extendedResultCode.rawValue)); check its disk")
        }
    }

    /// The error for a row that holds a word that no version of the program writes there.
    static func unknownWord(for what: String) -> LedgerError {
        LedgerError(
            .corrupt,
            "the store holds an unknown word for \(what), so it is damaged: stop the relay and put a backup in its place, \(beside)")
    }

    static let beside = "without the -wal and -shm files beside it"
}
