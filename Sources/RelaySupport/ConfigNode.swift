/// One value of the configuration file, with its place.
/// The YAML reader creates these nodes; no other code knows YAML.
package struct ConfigNode: Sendable {
    package indirect enum Content: Sendable {
        /// A text as written, with each `${…}` already replaced.
        case scalar(Scalar)
        case sequence([ConfigNode])
        /// The entries, in the order of the file.
        case mapping([Entry])
    }

    package struct Scalar: Sendable {
        package var text: String
        /// The value was written without quotes.
        /// A plain `null`, `~` or empty text therefore means *left out*.
        package var isPlain: Bool
        /// At least a part of the text came from `${…}`.
        package var isInterpolated: Bool
        /// A `${…}` in the text could not be replaced.
        /// That problem was already reported, so nothing else about this value is.
        package var isUnresolved: Bool

        package init(text: String, isPlain: Bool = true, isInterpolated: Bool = false, isUnresolved: Bool = false) {
            self.text = text
            self.isPlain = isPlain
            self.isInterpolated = isInterpolated
            self.isUnresolved = isUnresolved
        }

        /// The value as an error may show it.
        /// A value that came from outside the file, or that looks like a misplaced secret, is not shown.
        package var shown: String {
            isInterpolated ? "a value from ${…}" : ConfigNode.shown(text)
        }
    }

    package struct Entry: Sendable {
        package var key: String
        package var keyPlace: Place
        package var value: ConfigNode

        package init(key: String, keyPlace: Place, value: ConfigNode) {
            self.key = key
            self.keyPlace = keyPlace
            self.value = value
        }
    }

    package var content: Content
    package var place: Place

    package init(_ content: Content, at place: Place) {
        self.content = content
        self.place = place
    }

    /// The node counts as left out: it is `null`, `~` or empty, or a `${…}` that gave no text.
    package var isMissing: Bool {
        guard case .scalar(let scalar) = content else { return false }
        if scalar.isUnresolved || scalar.isInterpolated && scalar.text.isEmpty { return true }
        return scalar.isPlain && ["", "null", "~", "Null", "NULL"].contains(scalar.text)
    }

    package var isUnresolved: Bool {
        if case .scalar(let scalar) = content { scalar.isUnresolved } else { false }
    }

    /// The node itself or an item of its list is unresolved.
    var holdsUnresolved: Bool {
        if case .sequence(let items) = content { items.contains(where: \.isUnresolved) } else { isUnresolved }
    }

    /// A text of the file as an error may show it, since it may be a misplaced secret.
    package static func shown(_ text: String) -> String {
        looksSecret(text) ? "a text that may be a secret" : "'\(text.prefix(40))'"
    }

    /// A key as an error may show it.
    /// A key that contains a colon is a key and its value without the space between them, so only the key is shown.
    package static func shown(key: String) -> String {
        guard let colon = key.firstIndex(of: ":") else { return shown(key) }
        return shown(String(key[..<colon]) + ":…")
    }

    /// Returns the keys that an error may show unchanged.
    package static func showable(_ keys: [String]) -> [String] { keys.filter { shown(key: $0) == "'\($0)'" } }

    private static func looksSecret(_ text: String) -> Bool {
        text.contains("://") || text.hasPrefix("rk_") || text.hasPrefix("xox") || text.hasPrefix("whsec_")
    }

    /// The node's type in words, without its content.
    package var shape: String {
        switch content {
        case .scalar: "a text"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// The node's content or type, as an error may show it.
    package var noun: String {
        switch content {
        case .scalar(let scalar): scalar.shown
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// One text of a list in the configuration file.
package struct WrittenText: Sendable {
    package var text: String
    package var place: Place
    /// The text as an error may show it.
    package var shown: String

    init(_ scalar: ConfigNode.Scalar, at place: Place) {
        text = scalar.text
        shown = scalar.shown
        self.place = place
    }
}
