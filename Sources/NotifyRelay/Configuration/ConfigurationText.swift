import Dedup

/// Where the text of the configuration is: in a file, or whole in one variable of the environment, for platforms that give a container
/// variables and no files.
enum ConfigurationText {
    /// The variable that holds the whole text. With a `$` before it, it stands where a path would.
    private static let variable = "NOTIFY_RELAY_CONFIG_YAML"
    private static let path = "$" + variable

    /// The path to use if none is given.
    static func path(in environment: [String: String]) -> String {
        if environment[variable]?.isEmpty == false { return path }
        return environment["NOTIFY_RELAY_CONFIG"] ?? "relay.yaml"
    }

    /// Reads a file, or the variable. Nil if the file cannot be read or is not UTF-8.
    static func read(_ file: String, environment: [String: String]) -> String? {
        file == path ? environment[variable] : TextFile.read(file)
    }

    /// The store of a configuration that names none: the variable `NOTIFY_RELAY_STORE`, which the image sets, or a file beside the
    /// configuration. Nil if the variable names no store that can be used.
    static func store(in environment: [String: String], folder: String) -> StoreAddress? {
        let text = environment["NOTIFY_RELAY_STORE"] ?? ""
        return text.isEmpty ? .file(folder + "/notify-relay.db") : store(text, folder: folder)
    }

    /// A path, or the URI of a PostgreSQL database; nil if libpq does not understand the URI.
    static func store(_ text: String, folder: String) -> StoreAddress? {
        guard case .file(let path) = StoreAddress(text) else { return StoreAddress(text) }
        return .file(absolutePath(path, in: folder))
    }
}
