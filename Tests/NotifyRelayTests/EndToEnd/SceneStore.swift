import RelayTesting

/// The store of a scene with the real binary: a database of its own if there is a server, else a file beside the configuration.
final class SceneStore: Sendable {
    private let database: String?

    init() throws { database = TestDatabase.isThere ? try TestDatabase.make() : nil }

    deinit { if let database { try? TestDatabase.drop(database) } }

    /// The line of the configuration; empty for a file.
    var line: String { database.map { "store: \"\($0)\"" } ?? "" }

    /// The line of `server` with the key that a database needs.
    var keyLine: String { database == nil ? "" : "link_key: \"a key that is as good as any other one\"" }
}
