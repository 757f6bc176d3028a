import GRDB
import Glibc
import RelayCore

/// What SQLite's file needs or tells, and a server does by itself.
extension SQLiteStore {
    /// The pages that one step gives back: a megabyte, so that no write waits long.
    static let pagesOfStep = 256
    /// The file keeps this share of its pages free.
    private static let keptShare = 0.1

    /// Detects a full disk by allocating some room and freeing it again.
    static func pulse(at now: Timestamp, _ db: SQLSession) throws {
        try db.post("UPDATE pulse SET room = zeroblob(16384)")
        try db.post("UPDATE pulse SET room = NULL, at = ?", now.milliseconds)
    }

    /// Writes a consistent copy while the store is in use.
    func backup(to target: String) async throws(LedgerError) {
        let part = StoreFile(path: target + ".part")
        guard try StoreFile(path: target).condition() == .missing else {
            throw LedgerError(.io, "\(target) exists already: name another file")
        }
        part.remove()
        try part.prepare()
        do throws(LedgerError) {
            try await readApart { try $0.post("VACUUM INTO ?", part.path) }
            try part.rename(to: target, replacing: false)
        } catch {
            part.remove()
            throw error
        }
    }

    static func bytes(of path: String, _ db: SQLSession) throws -> LedgerGauges.Bytes {
        let pageSize = try pragma("page_size", db), pages = try pragma("page_count", db), free = try pragma("freelist_count", db)
        return LedgerGauges.Bytes(data: (pages - free) * pageSize, free: free * pageSize, log: size(of: path + "-wal"))
    }

    /// Whether the file has so much free room that a step of it can be given back. A store of an old version cannot.
    static func hasRoomToGive(keeping kept: Int, _ db: SQLSession) throws -> Bool {
        let isIncremental = try pragma("auto_vacuum", db) == 2
        let free = try pragma("freelist_count", db), pages = try pragma("page_count", db)
        return isIncremental && free > kept + pagesOfStep && Double(free) > Double(pages) * keptShare
    }

    static func giveRoomBack(_ db: SQLSession) throws {
        guard case .sqlite(let session) = db.engine else { return }
        try session.database.execute(sql: "PRAGMA incremental_vacuum(\(pagesOfStep))")
    }

    private static func pragma(_ name: String, _ db: SQLSession) throws -> Int {
        try db.first("PRAGMA \(name)", make: { $0[0] as Int }) ?? 0
    }

    /// Zero if there is no such file.
    private static func size(of file: String) -> Int {
        var status = stat()
        return stat(file, &status) == 0 ? Int(status.st_size) : 0
    }
}
