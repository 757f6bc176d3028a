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
    /// configuration.
    static func store(in environment: [String: String], folder: String) -> String {
        guard let store = environment["NOTIFY_RELAY_STORE"], !store.isEmpty else { return folder + "/notify-relay.db" }
        return absolutePath(store, in: folder)
    }
}
