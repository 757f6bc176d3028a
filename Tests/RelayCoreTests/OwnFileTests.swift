import Foundation
import Glibc
import RelaySupport
import Testing

/// Files that the relay trusts because only its own user can touch them.
struct OwnFileTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "notify-relay-own-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func file(_ name: String, mode: mode_t = 0o600) throws -> String {
        let path = folder + "/" + name
        try Data("x".utf8).write(to: URL(fileURLWithPath: path))
        #expect(chmod(path, mode) == 0)
        return path
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    /// Opens a file as the relay does. Returns what it warned about.
    private func warnings(_ path: String, _ flags: Int32 = O_RDONLY, owner: uid_t = geteuid()) throws(OwnFileError) -> [String] {
        var said: [String] = []
        close(try OwnFile.open(path, flags, owner: owner) { said.append($0) })
        return said
    }

    private func fault(_ path: String, _ flags: Int32 = O_RDONLY, owner: uid_t = geteuid()) -> OwnFileError.Fault? {
        do {
            _ = try warnings(path, flags, owner: owner)
            return nil
        } catch {
            return error.fault
        }
    }

    @Test func `an own plain file is opened, and a new one is for its owner only`() throws {
        #expect(try warnings(try file("own")).isEmpty)
        #expect(try warnings(folder + "/new", O_RDWR | O_CREAT).isEmpty)
        #expect(mode(folder + "/new") == 0o600)
    }

    @Test func `a link is refused, wherever it leads, and what it leads to stays as it is`() throws {
        let target = try file("target", mode: 0o640)
        for (name, to) in [("link", target), ("dangling", folder + "/none"), ("loop", folder + "/loop")] {
            #expect(symlink(to, folder + "/" + name) == 0)
            #expect(fault(folder + "/" + name, O_RDWR | O_CREAT) == .link)
        }
        #expect(mode(target) == 0o640 && access(folder + "/none", F_OK) != 0)
    }

    @Test func `a file with two names is refused`() throws {
        let path = try file("one")
        #expect(link(path, folder + "/two") == 0)
        #expect(fault(path) == .named(2))
    }

    @Test func `a foreign owner is refused`() throws {
        let path = try file("own"), other = geteuid() + 1
        #expect(fault(path, owner: other) == .foreign(geteuid(), owner: other))
        let error = #expect(throws: OwnFileError.self) { try warnings(path, owner: other) }
        #expect(error?.description.contains("another user (uid \(geteuid()), and this is uid \(other))") == true)
    }

    @Test(arguments: [0o604, 0o602, 0o601, 0o666, 0o644]) func `rights of everybody are refused, and left as they are`(rights: Int) throws {
        let path = try file("open", mode: mode_t(rights))
        #expect(fault(path) == .open(mode_t(rights)))
        #expect(mode(path) == mode_t(rights))
    }

    @Test(arguments: [(0o660, 0o600), (0o640, 0o600), (0o440, 0o400)])
    func `rights of the group are taken away, and it is said once`(before: Int, after: Int) throws {
        let path = try file("grouped", mode: mode_t(before))
        let said = try warnings(path)
        #expect(said.count == 1 && said[0].hasPrefix("\(path) was open to others (mode \(String(before, radix: 8)))"), "\(said)")
        #expect(mode(path) == mode_t(after))
        #expect(try warnings(path).isEmpty)
    }

    @Test func `what is no plain file is refused at once, also a pipe that nobody writes to`() throws {
        #expect(mkfifo(folder + "/pipe", 0o600) == 0)
        #expect(fault(folder + "/pipe") == .notPlain && fault(folder + "/pipe", O_RDWR | O_CREAT) == .notPlain)
        #expect(fault(folder) == .notPlain)
    }

    @Test func `a missing file is told apart`() { #expect(fault(folder + "/none") == .system(ENOENT)) }
}
