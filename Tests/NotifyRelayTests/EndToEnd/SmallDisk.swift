import Foundation
import Glibc

/// A separate file system of a few megabytes, if this user may mount one.
final class SmallDisk: Sendable {
    let path: String

    static let isPossible = (try? SmallDisk()) != nil

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("notify-relay-disk-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        guard mount("none", path, "tmpfs", 0, "size=3m") == 0 else {
            rmdir(path)
            throw POSIXError(.EPERM)
        }
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }

    /// Fills all the space that is left.
    func fill() throws {
        let filler = open(path + "/filler", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard filler >= 0 else { throw POSIXError(.EIO) }
        defer { close(filler) }
        let block = [UInt8](repeating: 0, count: 4_096)
        while write(filler, block, block.count) > 0 {}
    }

    func free() { unlink(path + "/filler") }

    /// Makes the file system read-only. Returns false if that fails.
    func protect() -> Bool { mount("none", path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil) == 0 }
}
