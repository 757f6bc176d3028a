import Glibc
import RelayCore
import RelaySupport

/// The right to run on a store: `flock` on `<store>.lock`, held until `release`. The system releases it however the process ends, so
/// a claim in a store whose lock was just taken is certainly stale.
package final class StoreLock: Sendable {
    /// Nil once released.
    private let descriptor: Locked<Int32?>

    private init(_ descriptor: Int32) { self.descriptor = Locked(descriptor) }

    deinit { release() }

    /// - Parameter warn: gets a text if rights of a group were taken away from the lock or the store.
    /// - Throws: `.busy` while another process holds it; `.untrusted` if somebody else may have touched the lock or the store; `.readOnly` or
    ///   `.io` if the lock file cannot be made.
    package static func acquire(store path: String, warn: (String) -> Void = { _ in }) throws(LedgerError) -> StoreLock {
        let file = path + ".lock"
        let descriptor: Int32
        do {
            descriptor = try OwnFile.open(file, O_RDWR | O_CREAT, warn: warn)
        } catch {
            throw StoreFile.failure(error, "the lock \(file) cannot be made", named: "the lock \(file)")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let held = errno == EWOULDBLOCK
            let holder = readHolder(descriptor)
            close(descriptor)
            guard held else { throw LedgerError(.io, "the lock \(file) cannot be taken: use a disk whose file system has locks") }
            throw LedgerError(.busy, "another relay\(holder) runs on the store \(path): stop it first, or name another store")
        }
        let lock = StoreLock(descriptor)
        try StoreFile(path: path).protect(warn: warn)
        writeHolder(descriptor)
        return lock
    }

    /// Releases the lock. Calling it again does nothing.
    package func release() {
        let held = descriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        if let held { close(held) }
    }

    /// Writes the process id, which only the error message uses; the lock itself is `flock`.
    private static func writeHolder(_ descriptor: Int32) {
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0 else { return }
        _ = pwrite(descriptor, text, text.count, 0)
    }

    private static func readHolder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(0, count)).prefix { (48...57).contains($0) }
        return digits.isEmpty ? "" : " (process \(String(decoding: digits, as: UTF8.self)))"
    }
}
