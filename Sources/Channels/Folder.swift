import Glibc
import RelayCore
import RelaySupport

/// Why a file could not be written.
struct FolderError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The call that failed: `open`, `write`, …
    var step: String
    /// The value of `errno`.
    var code: Int32
    /// True if the bytes were written, but it is not known whether they reached the disk.
    var isUncertain = false

    var description: String { "\(step): \(String(cString: strerror(code)))" }

    /// The verdict: a full disk is retried; a folder without write permission is suspect, because a person must fix it.
    var judgement: DeliveryError {
        if isUncertain { return DeliveryError(.uncertain, .local, description) }
        let isLasting = [EACCES, EPERM, EROFS, ENOTDIR, EISDIR, ELOOP].contains(code)
        return DeliveryError(isLasting ? .suspect : .retry(after: nil), .local, description)
    }
}

/// A folder whose writes survive a power cut once they are reported as done.
struct Folder: Sendable {
    let path: String

    /// Appends a line to a file and returns when it is on the disk.
    ///
    /// The line is one `write` on an `O_APPEND` descriptor under `flock`, so lines of several writers never mix. If the write fails
    /// halfway, the file is truncated to its old length. If a crash left an incomplete last line, a line break is written first, so that
    /// only that line is lost.
    func append(_ line: [UInt8], to name: String) throws(FolderError) {
        BlockingCall.begins()
        try make()
        let isNew = access("\(path)/\(name)", F_OK) != 0
        let file = try open(name, O_RDWR | O_CREAT | O_APPEND)
        defer { close(file) }
        try check("lock", flock(file, LOCK_EX))
        let end = lseek(file, 0, SEEK_END)
        try check("seek", Int32(clamping: end))
        var last = UInt8(ascii: "\n")
        if end > 0 { try check("read", Int32(clamping: pread(file, &last, 1, end - 1))) }
        do throws(FolderError) {
            try write(last == UInt8(ascii: "\n") ? line : [UInt8(ascii: "\n")] + line, to: file)
        } catch {
            ftruncate(file, end)
            throw error
        }
        try sync(file)
        if isNew { try syncSelf() }
    }

    /// Writes a whole file or nothing: to a draft that is synced and then renamed. An existing file of that name is replaced.
    func place(_ bytes: [UInt8], as name: String) throws(FolderError) {
        BlockingCall.begins()
        try make()
        let draft = ".\(name).draft"
        let file = try open(draft, O_WRONLY | O_CREAT | O_TRUNC)
        do throws(FolderError) {
            defer { close(file) }
            try write(bytes, to: file)
            try check("fsync", fsync(file))
        } catch {
            unlink("\(path)/\(draft)")
            throw error
        }
        try check("rename", rename("\(path)/\(draft)", "\(path)/\(name)"))
        try syncSelf()
    }

    /// Why the folder cannot be written, found without writing. Nil if it can be written, or if it is missing and can be created.
    var fault: FolderError? {
        if access(path, W_OK | X_OK) == 0 { return nil }
        let code = errno
        guard code == ENOENT, access(parent, W_OK | X_OK) == 0 else { return FolderError(step: path, code: code) }
        return nil
    }

    private var parent: String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).dropLast().joined(separator: "/")
        return path.hasPrefix("/") ? "/" + parts : parts.isEmpty ? "." : parts
    }

    /// Creates the last folder of the path if it is missing.
    private func make() throws(FolderError) {
        if mkdir(path, 0o750) != 0 && errno != EEXIST { throw FolderError(step: "make \(path)", code: errno) }
    }

    /// Creates files with mode 0600, because messages are not for every user of the machine. Symbolic links are not followed.
    private func open(_ name: String, _ flags: Int32) throws(FolderError) -> Int32 {
        let file = Glibc.open("\(path)/\(name)", flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        try check("open \(name)", file)
        return file
    }

    private func write(_ bytes: [UInt8], to file: Int32) throws(FolderError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            try check("write", Int32(clamping: written))
            rest = rest.dropFirst(written)
        }
    }

    private func sync(_ file: Int32) throws(FolderError) {
        if fsync(file) != 0 { throw FolderError(step: "fsync", code: errno, isUncertain: true) }
    }

    /// A new file name is on the disk only after its folder is synced.
    private func syncSelf() throws(FolderError) {
        let folder = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try check("open \(path)", folder)
        defer { close(folder) }
        try sync(folder)
    }

    private func check(_ step: String, _ result: Int32) throws(FolderError) {
        if result < 0 { throw FolderError(step: step, code: errno) }
    }
}
