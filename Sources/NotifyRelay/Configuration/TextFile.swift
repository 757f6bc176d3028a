import Foundation
import RelaySupport

/// Reads a file of text, which must be UTF-8. A byte order mark of UTF-8 is left out.
enum TextFile {
    /// Nil if the file cannot be read or is not UTF-8.
    static func read(_ path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return text(of: data)
    }

    /// Why a file cannot be read, with its whole path.
    static func whyUnread(_ path: String) -> String {
        let whole = absolutePath(path, in: FileManager.default.currentDirectoryPath)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return "there is no file \(whole)" }
        if isFolder.boolValue { return "\(whole) is a folder, not a file" }
        return "\(whole) cannot be read\(rights(of: whole))"
    }

    /// Whose a file is and who asks, if that is why it cannot be read; empty otherwise. Secrets that are mounted into containers often belong
    /// to another user.
    static func rights(of path: String) -> String {
        var status = stat()
        guard access(path, R_OK) != 0, errno == EACCES, stat(path, &status) == 0 else { return "" }
        let mode = String(status.st_mode & 0o777, radix: 8)
        return ": it belongs to uid \(status.st_uid) and gid \(status.st_gid) with mode 0\(mode), and this is uid \(geteuid())"
    }

    private static func text(of data: Data) -> String? {
        String(validating: data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data, as: UTF8.self)
    }

    /// Why a file is no text, with the place of the first byte that is not UTF-8; nil if it is text or cannot be read.
    static func problem(of path: String) -> Problem? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        let start = Place(file: path, line: 1, column: 1), expected = "a file saved as UTF-8"
        if data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF]) || isWideText(data) {
            return Problem(start, "the file is UTF-16", expected: expected)
        }
        guard text(of: data) == nil else { return nil }
        let bytes = [UInt8](data)
        let low = lengthOfText(bytes)
        let line = bytes[..<low].count { $0 == 0x0A } + 1
        let column = bytes[..<low].reversed().prefix { $0 != 0x0A }.count + 1
        return Problem(
            Place(file: path, line: line, column: column), "the file is not UTF-8: it may be Latin-1 or Windows-1252", expected: expected)
    }

    /// Whether one byte of each of the first pairs is zero, as in UTF-16 without a byte order mark.
    private static func isWideText(_ data: Data) -> Bool {
        let start = [UInt8](data.prefix(8))
        guard start.count >= 4 else { return false }
        let zeros = start.indices.filter { start[$0] == 0 }
        return zeros.count == start.count / 2 && Set(zeros.map { $0 % 2 }).count == 1
    }

    /// The length of the longest beginning that is UTF-8.
    private static func lengthOfText(_ bytes: [UInt8]) -> Int {
        var parser = Unicode.UTF8.ForwardParser(), rest = bytes.makeIterator(), length = 0
        while case .valid(let scalar) = parser.parseScalar(from: &rest) { length += scalar.count }
        return length
    }
}
