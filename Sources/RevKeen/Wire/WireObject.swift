package import RelayCore

/// An entry of a list, or an answer of its own: something with an id.
package protocol WireItem: Sendable {
    /// Nil without a usable id. Everything else may be missing, null or of a wrong type.
    init?(json: JSONValue)
    var createdAt: MomentText? { get }
}

/// A time as RevKeen wrote it. No format is documented, so it may be unreadable.
package struct MomentText: Sendable, Equatable {
    package var text: String
    package var moment: Timestamp?

    package init(_ text: String) {
        self.text = text
        moment = Timestamp(text: text)
    }
}

/// Reads members tolerantly: a number where a text belongs becomes its word, anything unreadable becomes nil.
extension JSONValue {
    /// A repaired text; nil if missing, empty or blank.
    func text(_ key: String) -> String? {
        guard let text = self[key]?.word?.repaired(), text.contains(where: { !$0.isWhitespace }) else { return nil }
        return text
    }

    /// A flag or a zero is no time, so that `"completed_at": false` finishes nothing.
    func moment(_ key: String) -> MomentText? {
        guard let value = self[key], value.bool == nil, value.double != 0 else { return nil }
        return text(key).map(MomentText.init)
    }

    func id(_ key: String) -> String? {
        guard let value = self[key], value.bool == nil, let word = value.word, word.isUsableID else { return nil }
        return word
    }

    /// Any JSON, its texts repaired; a text that itself holds an object or an array is read, so that paths reach into it.
    func json(_ key: String) -> JSONValue? {
        guard let value = self[key] else { return nil }
        if let text = value.string, let first = text.first(where: { !$0.isWhitespace }), first == "{" || first == "[",
            let inner = try? JSONValue(parsing: Array(text.utf8))
        {
            return inner.repaired()
        }
        return value.repaired()
    }

    private func repaired() -> JSONValue {
        switch self {
        case .string(let text): .string(text.repaired())
        case .array(let items): .array(items.map { $0.repaired() })
        case .object(let members):
            // In order of name, so that the outcome does not depend on chance if two names become one.
            .object(
                Dictionary(
                    members.sorted { $0.key < $1.key }.map { ($0.key.repaired(), $0.value.repaired()) }, uniquingKeysWith: { $1 }))
        case .null, .bool, .number: self
        }
    }
}

extension String {
    /// Ids are UUIDs by the documentation; anything is taken that is safe in a path, in a file name and on a terminal.
    var isUsableID: Bool {
        guard (1...128).contains(utf8.count), utf8.contains(where: { $0 != UInt8(ascii: ".") }) else { return false }
        return utf8.allSatisfy(\.isUnreserved)
    }
}

extension UInt8 {
    /// Of RFC 3986 §2.3, less `~`.
    var isUnreserved: Bool { isAlphanumeric || ".-_".utf8.contains(self) }
}
