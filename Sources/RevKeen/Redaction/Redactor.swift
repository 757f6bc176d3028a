import RelayCore
package import RelaySupport

/// Removes confidential values from actions and payloads before anything is stored.
package struct Redactor: Sendable {
    /// The text that replaces a value.
    package static let mark = "<redacted>"

    private let paths: [RedactionPath]

    /// Creates a redactor for a list of paths.
    ///
    /// - Parameter paths: JSON paths of the subset `$ .name ['name'] [n] [*] ..name` (RFC 9535); `$` is the actions or the payload.
    /// - Throws: `RedactionPathError` for the first invalid path.
    package init(paths: [String]) throws(RedactionPathError) {
        var read: [RedactionPath] = []
        for (index, path) in paths.enumerated() { read.append(try RedactionPath(path, index: index)) }
        self.paths = read
    }

    /// Creates a redactor that changes nothing.
    package init() { paths = [] }

    private init(_ paths: [RedactionPath]) { self.paths = paths }

    /// The redactor that replaces every value as a whole. It stands for a list of paths that cannot be read.
    package static let everything = Redactor([RedactionPath(segments: [])])

    /// Replaces the values at all paths.
    /// A path that matches nothing changes nothing. Null is replaced like any other value.
    ///
    /// A text that begins like an object or an array is JSON that could not be parsed. No path reaches into it, so if there is any path,
    /// the whole text is replaced.
    package func redact(_ value: JSONValue) -> JSONValue {
        if !paths.isEmpty, let text = value.string, let first = text.first(where: { !$0.isWhitespace }), first == "{" || first == "[" {
            return .string(Self.mark)
        }
        return paths.reduce(value) { $0.redacting($1.segments[...]) }
    }
}

extension JSONValue {
    fileprivate func redacting(_ segments: ArraySlice<RedactionPath.Segment>) -> JSONValue {
        guard let segment = segments.first else { return .string(Redactor.mark) }
        let rest = segments.dropFirst()
        return switch segment {
        case .name(let name): replacing(name, rest)
        case .index(let index): replacing(index, rest)
        case .all: mapped { $0.redacting(rest) }
        case .descendant(let name): mapped { $0.redacting(segments) }.replacing(name, rest)
        }
    }

    private func replacing(_ name: String, _ rest: ArraySlice<RedactionPath.Segment>) -> JSONValue {
        guard case .object(var members) = self, let value = members[name] else { return self }
        members[name] = value.redacting(rest)
        return .object(members)
    }

    private func replacing(_ index: Int, _ rest: ArraySlice<RedactionPath.Segment>) -> JSONValue {
        guard case .array(var items) = self else { return self }
        let place = index < 0 ? items.count + index : index
        guard items.indices.contains(place) else { return self }
        items[place] = items[place].redacting(rest)
        return .array(items)
    }

    private func mapped(_ change: (JSONValue) -> JSONValue) -> JSONValue {
        switch self {
        case .array(let items): .array(items.map(change))
        case .object(let members): .object(members.mapValues(change))
        case .null, .bool, .number, .string: self
        }
    }
}
