import Dedup
import Foundation
import RelayCore
import RelaySupport
import RevKeen

/// What could be read of a configuration file that may have errors, for commands that need little of it.
struct PartialConfiguration: Sendable {
    /// What could be read. Its store may be used only if `store` is not nil.
    var configuration: Configuration
    /// The store; nil if the file does not say for certain which one it is.
    var store: StoreAddress?
    /// The names of the file's accounts, also of those with errors; nil if the file is no YAML.
    var accounts: [String]?
    /// The names of the file's destinations, also of those with errors; nil if the file is no YAML.
    var destinations: [String]?
    /// Whether the file names the keys that sign links, even if their value could not be read.
    var hasLinkKey = false
    /// The errors of the file, in its order.
    var errors: [Problem]

    /// Names the first error and the number of all others; nil if the file has none.
    var warning: String? {
        guard let first = errors.first else { return nil }
        let others = errors.count == 1 ? "" : " (and \(errors.count - 1) more)"
        return "warning: \(first)\(others); this goes on with what could be read, and `notify-relay check` says what is wrong"
    }

    static func read(path: String, environment: [String: String]) -> PartialConfiguration {
        let problems = ProblemList()
        guard let reader = Configuration.reader(path: path, environment: environment, problems) else {
            let store = storeLine(path: path, environment: environment) ?? usualStore(path: path, environment: environment)
            let configuration = Configuration(store: store ?? .file(""), redactor: .everything)
            return PartialConfiguration(configuration: configuration, store: store, errors: problems.errors)
        }
        let configuration = reader.read(), errors = problems.errors
        return PartialConfiguration(
            configuration: configuration, store: isSure(of: reader.root, errors) ? configuration.store : nil,
            accounts: reader.keys(of: "accounts"), destinations: reader.keys(of: "destinations"),
            hasLinkKey: reader.keys(of: "server").contains("link_key"), errors: errors)
    }

    /// Whether the file says which store it is: its `store` has no error, and if there is none, no other key was meant to be it.
    private static func isSure(of root: ConfigSection, _ errors: [Problem]) -> Bool {
        guard root.keys.contains("store") else { return !errors.contains { $0.meant == "store" || $0.place == root.place } }
        return !errors.contains { $0.place == root.valuePlace("store") }
    }

    /// The store of a file that names none, if there is one: a file that is half edited names none for certain. Nil if another one may be
    /// meant, because a line begins with `store`.
    private static func usualStore(path: String, environment: [String: String]) -> StoreAddress? {
        guard let text = ConfigurationText.read(path, environment: environment),
            !text.split(whereSeparator: \.isNewline).contains(where: { $0.hasPrefix("store") })
        else { return nil }
        guard let store = ConfigurationText.store(in: environment, folder: Configuration.folder(of: path)) else { return nil }
        guard case .file(let file) = store else { return store }
        return FileManager.default.fileExists(atPath: file) ? store : nil
    }

    /// Reads the one line `store: …` of a file that is not YAML as a whole, because somebody is editing it. Nil if there is no such line, if
    /// there are several, or if its value is not certain.
    private static func storeLine(path: String, environment: [String: String]) -> StoreAddress? {
        guard let text = ConfigurationText.read(path, environment: environment) else { return nil }
        let lines = text.split(whereSeparator: \.isNewline)
        let found = lines.indices.filter { lines[$0].hasPrefix("store:") }
        guard let index = found.first, found.count == 1 else { return nil }
        // An indented line after it may be a part of its value.
        guard lines.dropFirst(index + 1).first?.first?.isWhitespace != true else { return nil }
        let problems = ProblemList()
        let reader = Configuration.reader(
            text: String(lines[index]), file: path, folder: Configuration.folder(of: path), environment: environment,
            readFile: { try? String(contentsOfFile: $0, encoding: .utf8) }, problems)
        guard let value = reader?.root.string("store"), !value.isEmpty, problems.errors.isEmpty else { return nil }
        return reader?.storeAddress()
    }
}
