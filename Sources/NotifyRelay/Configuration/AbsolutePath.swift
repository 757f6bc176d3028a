import Glibc

/// The absolute form of a path that starts in a folder.
///
/// `..` goes up from where the part before it really is, as it does for the system: after a symbolic link it is the parent of the link's
/// target. Symbolic links are otherwise kept, because the folders of mounted files are swapped by links.
func absolutePath(_ path: String, in folder: String) -> String {
    let slash = UInt8(ascii: "/")
    let whole = path.utf8.first == slash ? path : "\(folder)/\(path)"
    var parts: [String] = []
    for part in whole.utf8.split(separator: slash).map({ String(Substring($0)) }) where part != "." {
        if part == ".." { parts = parent(of: parts) } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
}

private func parent(of parts: [String]) -> [String] {
    let path = "/" + parts.joined(separator: "/")
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK, let target = realpath(path, nil) else { return parts.dropLast() }
    defer { free(target) }
    return String(cString: target).utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }.dropLast()
}
