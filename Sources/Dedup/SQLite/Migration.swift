import GRDB

/// One numbered step of the schema. A released step is never edited; a change is a new step.
struct Migration: Sendable {
    /// The value of `PRAGMA user_version` after this step.
    var number: Int
    var sql: String

    static let all = [
        Migration(number: 1, sql: Schema.first), Migration(number: 2, sql: Schema.audit), Migration(number: 3, sql: Schema.digests),
        Migration(number: 4, sql: Schema.windowKinds), Migration(number: 5, sql: Schema.refusals),
        Migration(number: 6, sql: Schema.bindings), Migration(number: 7, sql: Schema.gaps),
        Migration(number: 8, sql: Schema.outlooks), Migration(number: 9, sql: Schema.expectations),
        Migration(number: 10, sql: Schema.desk), Migration(number: 11, sql: Schema.history),
        Migration(number: 12, sql: Schema.questions), Migration(number: 13, sql: Schema.leader),
    ]
}

extension Ledger {
    /// The schema version of the stores that this program writes.
    package static var schemaVersion: Int { Migrations().newest }
}

/// The steps that this program knows, from 1 without a gap.
struct Migrations: Sendable {
    var steps = Migration.all

    var newest: Int { steps.last?.number ?? 0 }

    /// Brings a store to the newest version, each step in a transaction of its own.
    ///
    /// Before the first step an existing store is copied to `<store>.before-<n>`, where n is the version it moves to.
    func apply(to queue: DatabaseQueue, store: StoreFile) throws {
        let version = try queue.inDatabase(Self.version)
        guard version < newest else { return }
        if version > 0 { try copy(queue, to: "\(store.path).before-\(newest)") }
        for step in steps where step.number > version {
            try queue.inDatabase { db in
                try db.inTransaction(.immediate) {
                    if try Self.version(db) < step.number { try Self.take(step, db) }
                    return .commit
                }
            }
        }
        // A reader of the file's header sees the new version at once.
        try queue.inDatabase { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    }

    static func version(_ db: Database) throws -> Int { try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0 }

    /// Writes a consistent copy that only its owner can read. A crash leaves either the whole copy under its name, or none.
    private func copy(_ queue: DatabaseQueue, to target: String) throws {
        let part = StoreFile(path: target + ".part")
        part.remove()
        try part.prepare()
        try queue.inDatabase { try $0.execute(sql: "VACUUM INTO ?", arguments: [part.path]) }
        try part.rename(to: target, replacing: true)
    }

    private static func take(_ step: Migration, _ db: Database) throws {
        try db.execute(sql: "PRAGMA application_id = \(StoreFile.applicationID)")
        try db.execute(sql: step.sql)
        try db.execute(sql: "PRAGMA user_version = \(step.number)")
    }
}
