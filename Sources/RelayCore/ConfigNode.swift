/// One value of the configuration file, with its place. What reads YAML makes these; nothing else knows YAML.
package struct ConfigNode: Sendable {
    package indirect enum Content: Sendable {
        /// The text as written, `${…}` already replaced.
        case scalar(Scalar)
        case sequence([ConfigNode])
        /// In the order of the file.
        case mapping([Entry])
    }

    package struct Scalar: Sendable {
        package var text: String
        /// Written without quotes, and so `null`, `~` or nothing means *left out*.
        package var isPlain: Bool
        /// At least a part of it came from `${…}`.
        package var isInterpolated: Bool
        /// A `${…}` in it could not be replaced, and that was said: nothing more is to be said of it.
        package var isUnresolved: Bool

        package init(text: String, isPlain: Bool = true, isInterpolated: Bool = false, isUnresolved: Bool = false) {
            self.text = text
            self.isPlain = isPlain
            self.isInterpolated = isInterpolated
            self.isUnresolved = isUnresolved
        }

        /// The value as an error may show it. What came from outside the file, or looks like a secret in the wrong place, is not shown.
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

    /// `null`, `~`, nothing at all, or a `${…}` that brought nothing: the same as leaving the key out.
    package var isMissing: Bool {
        guard case .scalar(let scalar) = content else { return false }
        if scalar.isUnresolved || scalar.isInterpolated && scalar.text.isEmpty { return true }
        return scalar.isPlain && ["", "null", "~", "Null", "NULL"].contains(scalar.text)
    }

    package var isUnresolved: Bool {
        if case .scalar(let scalar) = content { scalar.isUnresolved } else { false }
    }

    /// It, or something of its list.
    var holdsUnresolved: Bool {
        if case .sequence(let items) = content { items.contains(where: \.isUnresolved) } else { isUnresolved }
    }

    /// A text of the file as an error may show it; a secret may stand in the wrong place.
    package static func shown(_ text: String) -> String {
        looksSecret(text) ? "a text that may be a secret" : "'\(text.prefix(40))'"
    }

    /// A key as an error may show it. One with a colon is a key and its value without the space between them.
    package static func shown(key: String) -> String {
        guard let colon = key.firstIndex(of: ":") else { return shown(key) }
        return shown(String(key[..<colon]) + ":…")
    }

    /// Those of the keys that an error may show as they are.
    package static func showable(_ keys: [String]) -> [String] { keys.filter { shown(key: $0) == "'\($0)'" } }

    private static func looksSecret(_ text: String) -> Bool {
        text.contains("://") || text.hasPrefix("rk_") || text.hasPrefix("xox") || text.hasPrefix("whsec_")
    }

    /// What it is, without a word of what it says.
    package var shape: String {
        switch content {
        case .scalar: "a text"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// What it is, for an error.
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
    /// As an error may show it.
    package var shown: String

    init(_ scalar: ConfigNode.Scalar, at place: Place) {
        text = scalar.text
        shown = scalar.shown
        self.place = place
    }
}
