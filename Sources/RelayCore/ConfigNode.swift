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

        package init(text: String, isPlain: Bool = true, isInterpolated: Bool = false) {
            self.text = text
            self.isPlain = isPlain
            self.isInterpolated = isInterpolated
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

    /// `null`, `~` or nothing at all: the same as leaving the key out.
    package var isMissing: Bool {
        guard case .scalar(let scalar) = content, scalar.isPlain else { return false }
        return ["", "null", "~", "Null", "NULL"].contains(scalar.text)
    }

    /// What it is, for an error.
    package var noun: String {
        switch content {
        case .scalar(let scalar): scalar.isInterpolated ? "a value from ${…}" : "'\(scalar.text.prefix(40))'"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
