import Foundation
import Glibc
import Testing

@testable import Dedup

/// The lock and the store belong to the relay's user alone, or it does not run on them.
@Suite(.enabled(if: TestStore.isFile))
struct StoreTrustTests {
    let store: TestStore

    init() throws { store = try TestStore() }

    private var lock: String { store.path + ".lock" }

    private func refusal() -> LedgerError? {
        do {
            try StoreLock.acquire(store: store.path).release()
            return nil
        } catch {
            return error
        }
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test func `a lock that is a link is refused, and the file behind it keeps its bytes`() throws {
        let victim = store.folder + "/victim"
        try Data("precious".utf8).write(to: URL(fileURLWithPath: victim))
        #expect(symlink(victim, lock) == 0)
        let error = refusal()
        #expect(error?.reason == .untrusted && error?.detail.contains("it is a link") == true, "\(String(describing: error))")
        #expect(try String(contentsOfFile: victim, encoding: .utf8) == "precious")
    }

    @Test func `a lock that everybody may write is refused, and one that its group may write is taken with a warning`() throws {
        try StoreLock.acquire(store: store.path).release()
        #expect(chmod(lock, 0o666) == 0)
        #expect(refusal()?.reason == .untrusted)
        #expect(chmod(lock, 0o660) == 0)
        var said: [String] = []
        try StoreLock.acquire(store: store.path) { said.append($0) }.release()
        #expect(said.count == 1 && said[0].contains(".lock") && mode(lock) == 0o600, "\(said)")
    }

    @Test(.enabled(if: geteuid() == 0)) func `a lock or a store of somebody else is refused`() throws {
        try StoreLock.acquire(store: store.path).release()
        for file in [lock, store.path, store.path + "-wal"] {
            #expect(chown(file, 12_345, 12_345) == 0)
            let error = refusal()
            #expect(error?.reason == .untrusted && error?.detail.contains("uid 12345") == true, "\(file)")
            #expect(chown(file, 0, 0) == 0)
        }
        #expect(refusal() == nil)
    }

    @Test func `a store that its group may write, or everybody may read, is closed to them with a warning`() throws {
        for (name, rights) in [("", mode_t(0o664)), ("-wal", mode_t(0o660)), ("-shm", mode_t(0o644))] {
            #expect(chmod(store.path + name, rights) == 0)
        }
        var said: [String] = []
        try StoreLock.acquire(store: store.path) { said.append($0) }.release()
        #expect(said.count == 3, "\(said)")
        for name in ["", "-wal", "-shm"] { #expect(mode(store.path + name) == 0o600) }
    }

    @Test func `a store that everybody may write is refused, because anybody may have put an answer into it`() {
        #expect(chmod(store.path, 0o666) == 0)
        #expect(refusal()?.reason == .untrusted)
        #expect(mode(store.path) == 0o666)
    }

    @Test func `a store that is a link is refused, also where a new one would be made`() throws {
        for (name, target) in [("link.db", store.path), ("new.db", store.folder + "/elsewhere.db")] {
            let path = store.folder + "/" + name
            #expect(symlink(target, path) == 0)
            let error = #expect(throws: LedgerError.self) { try Ledger.open(.file(path), as: .leader, clock: store.clock).close() }
            #expect(error?.reason == .untrusted && error?.detail.contains("it is a link") == true)
        }
        #expect(access(store.folder + "/elsewhere.db", F_OK) != 0)
    }

    /// A rollback journal is played back into the store when it is opened, so it can hold another store.
    @Test func `a journal that others can have written is refused`() throws {
        let journal = store.path + "-journal"
        try Data("not ours".utf8).write(to: URL(fileURLWithPath: journal))
        #expect(chmod(journal, 0o666) == 0)
        #expect(refusal()?.reason == .untrusted)
        #expect(chmod(journal, 0o600) == 0)
        if geteuid() == 0 {
            #expect(chown(journal, 12_345, 12_345) == 0)
            #expect(refusal()?.reason == .untrusted)
        }
    }

    @Test func `a folder that everybody may write to is a warning`() throws {
        var said: [String] = []
        #expect(chmod(store.folder, 0o1777) == 0)
        try StoreLock.acquire(store: store.path) { said.append($0) }.release()
        #expect(said.count == 1 && said[0].contains("everybody may write to the folder"), "\(said)")
    }

    @Test func `a backup does not follow a link that waits where it is written`() async throws {
        let victim = store.folder + "/victim", target = store.folder + "/copy.db"
        try Data("precious".utf8).write(to: URL(fileURLWithPath: victim))
        for end in ["", ".part"] { #expect(symlink(victim, target + end) == 0) }
        await #expect(throws: LedgerError.self) { try await store.ledger.backup(to: target) }
        #expect(try String(contentsOfFile: victim, encoding: .utf8) == "precious")
    }
}
