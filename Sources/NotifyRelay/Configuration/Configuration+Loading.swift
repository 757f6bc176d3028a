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
        withoutActuallyEscaping(note) { note in examine(path: path, environment: environment, problems, noting: note) }
    }

    private static func examine(
        path: String, environment: [String: String], _ problems: ProblemList, noting note: @escaping (String) -> Void
    ) -> Configuration? {
        let readFile: (String) -> String? = { file in
            note(file)
            return TextFile.read(file)
        }
        guard let text = readFile(path) else {
            if let problem = TextFile.problem(of: path) {
                problems.add(problem)
                return nil
            }
            problems.add(
                Problem(
                    Place(file: path, line: 1, column: 1), "the file cannot be read", expected: "a readable file; --config names another"))
            return nil
        }
        let absolute = URL(fileURLWithPath: path).standardized.path
        return examine(
            text: text, file: path, folder: (absolute as NSString).deletingLastPathComponent, environment: environment, readFile: readFile,
            problems)
    }

    static func load(
        text: String, file: String, folder: String, environment: [String: String], readFile: @escaping (String) -> String?
    ) -> (Configuration?, [Problem]) {
        let problems = ProblemList()
        let configuration = examine(text: text, file: file, folder: folder, environment: environment, readFile: readFile, problems)
        return (problems.errors.isEmpty ? configuration : nil, problems.all)
    }

    private static func examine(
        text: String, file: String, folder: String, environment: [String: String], readFile: @escaping (String) -> String?,
        _ problems: ProblemList
    ) -> Configuration? {
        // A relative path in `${file:…}` starts in the folder of the file, as every path of the file does.
        let readBeside: (String) -> String? = { readFile($0.hasPrefix("/") ? $0 : "\(folder)/\($0)") }
        var reader = YAMLReader(file: file, environment: environment, readFile: readBeside, problems: problems)
        guard let node = reader.read(text), let root = ConfigSection(node, path: "", problems: problems) else { return nil }
        return ConfigurationReader(root: root, folder: folder).read()
    }
}
