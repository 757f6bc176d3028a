import Crypto
import Foundation
import RelayCore
import RelaySupport

/// The files that a configuration is made of: the file itself, the secrets that it names by `${file:…}`, and its templates.
struct ConfigurationFiles: Sendable, Equatable {
    /// Absolute paths, or relative paths as they were given.
    var files: Set<String>
    /// The folder of the user's templates; nil without one.
    var templates: String?

    /// Reads the configuration to find the files that it names. A file that cannot be read is still watched.
    static func used(by path: String) -> ConfigurationFiles {
        let read = Locked<Set<String>>([path])
        let configuration = Configuration.examine(path: path, environment: ProcessInfo.processInfo.environment, ProblemList()) { file in
            read.withLock { _ = $0.insert(file) }
        }
        return ConfigurationFiles(files: read.withLock { $0 }, templates: configuration?.templates)
    }

    /// A hash of the names and contents of the files. It follows symbolic links, because mounted secrets and config maps change that way. A
    /// file that cannot be read counts as missing.
    var digest: String {
        var hash = SHA256()
        for path in files.union(templateFiles).sorted() {
            hash.update(data: Array(path.utf8) + [0])
            guard let content = FileManager.default.contents(atPath: path) else {
                hash.update(data: [0])
                continue
            }
            hash.update(data: [1])
            hash.update(data: Array(SHA256.hash(data: content)))
        }
        return hexadecimal(hash.finalize())
    }

    private var templateFiles: Set<String> {
        guard let templates, let names = try? FileManager.default.contentsOfDirectory(atPath: templates) else { return [] }
        return Set(names.filter { $0.hasSuffix(".mustache") }.map { "\(templates)/\($0)" })
    }
}
