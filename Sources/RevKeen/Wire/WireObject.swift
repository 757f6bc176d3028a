package import RelayCore
package import RelaySupport

/// An object with an id: an entry of a list or a response of its own.
package protocol WireItem: Sendable {
    /// Returns nil if there is no usable id.
    /// Every other field may be missing, null or of a wrong type.
    init?(_ fields: WireFields) throws(JSONSyntaxError)
    /// Takes note of the members of which the item has only the beginning, by name.
    mutating func take(_ cut: [String: CutPart])
    var createdAt: MomentText? { get }
}

extension WireItem {
    package mutating func take(_ cut: [String: CutPart]) {}
}

/// A time as RevKeen wrote it.
/// RevKeen documents no format, so the time may be unreadable; `moment` is then nil.
package struct MomentText: Sendable, Equatable {
    package var text: String
    package var moment: Timestamp?

    package init(_ text: String) {
        self.text = text
        moment = Timestamp(text: text)
    }
}

/// Reads members tolerantly: a number in place of a text becomes that number's text, and anything unreadable becomes nil.
extension JSONValue {
    /// The most bytes of a text that is taken whole. A longer one is cut, and hashed whole.
    static let longestText = 80_000

    /// The member as repaired text; nil if it is missing, empty or blank.
    func text(_ key: String) -> String? {
        guard let text = self[key]?.word?.repaired(most: Self.longestText), text.contains(where: { !$0.isWhitespace }) else { return nil }
        return text
    }

    /// The member as a time.
    /// A flag or a zero is not a time, so `"completed_at": false` does not finish a run.
    func moment(_ key: String) -> MomentText? {
        guard let value = self[key], value.bool == nil, value.double != 0 else { return nil }
        return text(key).map(MomentText.init)
    }

    func id(_ key: String) -> String? {
        guard let value = self[key], value.bool == nil, let word = value.word, word.isUsableID else { return nil }
        return word
    }

    /// The member as JSON with repaired texts.
    /// A text that itself contains an object or an array is parsed, so that redaction paths reach into it.
    func json(_ key: String) -> JSONValue? {
        guard let value = self[key] else { return nil }
        if let text = value.string, text.beginsLikeJSON, let inner = try? JSONValue(parsing: Array(text.utf8)) {
            return inner.repaired()
        }
        return value.repaired()
    }

    private func repaired() -> JSONValue {
        switch self {
        case .string(let text): return .string(text.repaired(most: Self.longestText))
        case .array(let items): return .array(items.map { $0.repaired() })
        case .object(let members):
            if members.keys.allSatisfy({ $0.repaired(most: Self.longestText) == $0 }) {
                return .object(members.mapValues { $0.repaired() })
            }
            // Two names can become one. Both members stay, or the one could hide the other. Sorted, the result is the same each time.
            var all: [String: JSONValue] = [:], numbers: [String: Int] = [:]
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                let plain = name.repaired(most: Self.longestText)
                var free = plain
                while all[free] != nil {
                    numbers[plain, default: 1] += 1
                    free = "\(plain) (\(numbers[plain, default: 2]))"
                }
                all[free] = value.repaired()
            }
            return .object(all)
        case .null, .bool, .number: return self
        }
    }
}

extension String {
    /// Whether the text can be an id.
    /// The documentation says that ids are UUIDs; any text that is safe in a path, in a file name and on a terminal is accepted.
    var isUsableID: Bool {
        guard (1...128).contains(utf8.count), utf8.contains(where: { $0 != UInt8(ascii: ".") }) else { return false }
        return utf8.allSatisfy(\.isUnreserved)
    }
}

extension UInt8 {
    /// The byte is an unreserved character of RFC 3986 §2.3, except `~`.
    var isUnreserved: Bool { isAlphanumeric || self == UInt8(ascii: ".") || self == UInt8(ascii: "-") || self == UInt8(ascii: "_") }
}
