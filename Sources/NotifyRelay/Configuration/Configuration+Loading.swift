import Foundation
import RelayCore
import RelaySupport

extension Configuration {
    /// Reads the file. Returns nil for the configuration, and at least one error, if it cannot be used.
    static func load(path: String, environment: [String: String]) -> (Configuration?, [Problem]) {
        let problems = ProblemList()
        let configuration = examine(path: path, environment: environment, problems)
        return (problems.errors.isEmpty ? configuration : nil, problems.all)
    }

    /// Reads as much of the file as possible; returns nil if it is no mapping. If `problems` holds an error, the result may only be used to
    /// find more problems.
    ///
    /// - Parameter note: is called with the path of each file that is read or should have been read.
    static func examine(
        path: String, environment: [String: String], _ problems: ProblemList, note: (String) -> Void = { _ in }
    ) -> Configuration? {
        withoutActuallyEscaping(note) { note in reader(path: path, environment: environment, problems, noting: note)?.read() }
    }

    /// Makes the reader of a file. Returns nil, and adds the problem, if the file is no mapping.
    ///
    /// - Parameter note: is called with the path of each file that is read or should have been read.
    static func reader(
        path: String, environment: [String: String], _ problems: ProblemList, noting note: @escaping (String) -> Void = { _ in }
    ) -> ConfigurationReader? {
        let readFile: (String) -> String? = { file in
            note(file)
            return ConfigurationText.read(file, environment: environment)
        }
        guard let text = readFile(path) else {
            if let problem = TextFile.problem(of: path) {
                problems.add(problem)
                return nil
            }
            problems.add(
                Problem(
                    Place(file: path, line: 1, column: 1), TextFile.whyUnread(path), expected: "a readable file; --config names another"))
            return nil
        }
        return reader(text: text, file: path, folder: folder(of: path), environment: environment, readFile: readFile, problems)
    }

    /// The absolute path of the folder in which a file is.
    static func folder(of path: String) -> String { (absolute(path) as NSString).deletingLastPathComponent }

    static func absolute(_ path: String) -> String { absolutePath(path, in: FileManager.default.currentDirectoryPath) }

    static func load(
        text: String, file: String, folder: String, environment: [String: String], readFile: @escaping (String) -> String?
    ) -> (Configuration?, [Problem]) {
        let problems = ProblemList()
        let reader = reader(text: text, file: file, folder: folder, environment: environment, readFile: readFile, problems)
        let configuration = reader?.read()
        return (problems.errors.isEmpty ? configuration : nil, problems.all)
    }

    static func reader(
        text: String, file: String, folder: String, environment: [String: String], readFile: @escaping (String) -> String?,
        _ problems: ProblemList
    ) -> ConfigurationReader? {
        // A relative path in `${file:…}` starts in the folder of the file, as every path of the file does.
        let readBeside: (String) -> String? = { readFile($0.hasPrefix("/") ? $0 : "\(folder)/\($0)") }
        var reader = YAMLReader(file: file, folder: folder, environment: environment, readFile: readBeside, problems: problems)
        guard let node = reader.read(text), let root = ConfigSection(node, path: "", problems: problems) else { return nil }
        return ConfigurationReader(root: root, folder: folder, store: ConfigurationText.store(in: environment, folder: folder))
    }
}
