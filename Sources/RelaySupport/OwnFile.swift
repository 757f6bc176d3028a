package import Glibc

/// Opens files that the relay trusts, or writes to, because nobody but its own user can touch them.
///
/// Everything is judged on the open descriptor, so nothing can be put in the file's place between the look and the use.
package enum OwnFile {
    /// The rights that are taken away with a warning: those of a group, because Kubernetes gives them to a volume's group each time that it
    /// mounts the volume.
    package static let groupRights: mode_t = 0o070

    /// Opens a plain file of this process's own user.
    ///
    /// - Parameters:
    ///   - flags: as for `open`. A file that is made can be read by its owner only.
    ///   - excess: the rights of others that are taken away with a warning. With any other right of others the file is not trusted.
    ///   - warn: gets a text if rights were taken away.
    /// - Returns: a descriptor, which the caller closes.
    /// - Throws: if the file is a link, no plain file, somebody else's, or open to others.
    package static func open(
        _ path: String, _ flags: Int32, excess: mode_t = groupRights, owner: uid_t = geteuid(), warn: (String) -> Void
    ) throws(OwnFileError) -> Int32 {
        // Without O_NONBLOCK, a named pipe in the place of the file would block here.
        let descriptor = Glibc.open(path, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { throw OwnFileError(path: path, fault: errno == ELOOP ? .link : .system(errno)) }
        do {
            try judge(descriptor, path, excess: excess, owner: owner, warn: warn)
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func judge(
        _ descriptor: Int32, _ path: String, excess: mode_t, owner: uid_t, warn: (String) -> Void
    ) throws(OwnFileError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw OwnFileError(path: path, fault: .system(errno)) }
        if let fault = fault(of: status, excess: excess, owner: owner) { throw OwnFileError(path: path, fault: fault) }
        let rights = status.st_mode & 0o777, own = rights & 0o700
        guard rights != own else { return }
        guard fchmod(descriptor, own) == 0 else { throw OwnFileError(path: path, fault: .kept(rights, errno)) }
        warn("\(path) was open to others (mode \(octal(rights))), and is now mode \(octal(own)): only its owner may touch it")
    }

    /// Why a file cannot be trusted; nil if it can, once the excess rights are taken away.
    private static func fault(of status: stat, excess: mode_t, owner: uid_t) -> OwnFileError.Fault? {
        guard status.st_mode & S_IFMT == S_IFREG else { return .notPlain }
        guard status.st_uid == owner else { return .foreign(status.st_uid, owner: owner) }
        guard status.st_mode & 0o077 & ~excess == 0 else { return .open(status.st_mode & 0o777) }
        guard status.st_nlink <= 1 else { return .named(Int(status.st_nlink)) }
        return nil
    }

    static func octal(_ mode: mode_t) -> String { String(mode, radix: 8) }
}

/// A file that was not opened, or that cannot be trusted.
package struct OwnFileError: Error, Equatable, CustomStringConvertible {
    package enum Fault: Sendable, Equatable {
        /// The system refused, with this `errno`.
        case system(Int32)
        /// A symbolic link, which may lead to any file.
        case link
        /// A folder, a pipe, a socket or a device.
        case notPlain
        case foreign(uid_t, owner: uid_t)
        /// Everybody on this machine has rights to it.
        case open(mode_t)
        /// Others have rights to it that could not be taken away, with this `errno`.
        case kept(mode_t, Int32)
        /// It has this many names, so whoever uses another name of it means another file.
        case named(Int)
    }

    package var path: String
    package var fault: Fault

    /// The text says what is wrong with the file and what to do; for `system`, it is what the system says.
    package var why: String {
        switch fault {
        case .system(let code): String(cString: strerror(code))
        case .link: "it is a link: put a plain file there"
        case .notPlain: "it is no plain file: remove it"
        case .foreign(let other, let owner):
            "it belongs to another user (uid \(other), and this is uid \(owner)): `chown` it, or remove it"
        case .open(let rights):
            "everybody on this machine has rights to it (mode \(OwnFile.octal(rights))): make it anew, or `chmod 600` it if nobody used them"
        case .kept(let rights, let code):
            "others have rights to it (mode \(OwnFile.octal(rights))), and they cannot be taken away: \(String(cString: strerror(code)))"
        case .named(let count): "it has \(count) names (hard links): keep one name, or make a copy"
        }
    }

    package var description: String { "\(path): \(why)" }
}
