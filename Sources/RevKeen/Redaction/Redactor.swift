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

    /// Replaces the values at all paths of a value that is kept as its text. Without paths it is not parsed.
    package func redact(_ packed: PackedJSON) -> PackedJSON { paths.isEmpty ? packed : PackedJSON(redact(packed.value)) }

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
        return paths.reduce(value) { $0.redacted($1.segments, from: [0]) }
    }
}

extension JSONValue {
    /// Replaces what a path leads to from here.
    ///
    /// A path with `..` can lead to one value in many ways. Each value is visited once, with the set of all steps at which the path stands
    /// there, so the work is the number of values times the number of steps.
    fileprivate func redacted(_ segments: [RedactionPath.Segment], from steps: Set<Int>) -> JSONValue {
        if steps.contains(segments.count) { return .string(Redactor.mark) }
        if steps.isEmpty { return self }
        switch self {
        case .array(let items):
            return .array(
                items.enumerated().map { index, item in
                    item.redacted(segments, from: segments.next(from: steps) { $0 == .index(index) || $0 == .index(index - items.count) })
                })
        case .object(let members):
            return .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { name, member in
                        (name, member.redacted(segments, from: segments.next(from: steps) { $0 == .name(name) || $0 == .descendant(name) }))
                    }))
        case .null, .bool, .number, .string: return self
        }
    }
}

extension [RedactionPath.Segment] {
    /// The steps at which a path stands in a part of a value.
    ///
    /// - Parameter leads: whether a segment names the part.
    fileprivate func next(from steps: Set<Int>, _ leads: (RedactionPath.Segment) -> Bool) -> Set<Int> {
        var next: Set<Int> = []
        for step in steps {
            let segment = self[step]
            if segment == .all || leads(segment) { next.insert(step + 1) }
            if case .descendant = segment { next.insert(step) }
        }
        return next
    }
}
