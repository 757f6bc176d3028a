import Foundation
import RelayCore
import RelaySupport
import Yams

/// Turns the file into nodes with places, and replaces `${…}`. No other code knows YAML.
struct YAMLReader {
    /// The highest number of nodes. No honest file has as many, while aliases to aliases can make millions.
    private static let mostNodes = 50_000
    private static let deepest = 40

    let file: String
    let environment: [String: String]
    /// Returns nil if the file cannot be read.
    let readFile: (String) -> String?
    let problems: ProblemList
    private let folder: String
    private var count = 0

    /// - Parameter folder: where the relative paths of `${file:…}` start.
    init(
        file: String, folder: String = "/", environment: [String: String], readFile: @escaping (String) -> String?, problems: ProblemList
    ) {
        self.file = file
        self.folder = folder
        self.environment = environment
        self.readFile = readFile
        self.problems = problems
    }

    /// Returns nil, and adds the problem, if the text is not valid YAML.
    mutating func read(_ written: String) -> ConfigNode? {
        let text = written.withUnixLineEnds
        if let place = AliasExpansion.excess(in: text, file: file) {
            problems.add(
                Problem(place, "the file is too large or too deep", expected: "at most \(AliasExpansion.most) bytes with its aliases"))
            return nil
        }
        do {
            guard let root = try Yams.compose(yaml: text) else {
                problems.add(Problem(Place(file: file, line: 1, column: 1), "the file is empty", expected: "a mapping"))
                return nil
            }
            return convert(root, depth: 0)
        } catch let error as YamlError {
            problems.add(problem(error, text))
        } catch {
            problems.add(Problem(Place(file: file, line: 1, column: 1), "not YAML: \(error)"))
        }
        return nil
    }

    private func problem(_ error: YamlError, _ text: String) -> Problem {
        switch error {
        case .scanner(_, let what, let mark, _), .parser(_, let what, let mark, _), .composer(_, let what, let mark, _):
            let place = Place(file: file, line: mark.line, column: mark.column)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            if let tab = Self.tab(in: lines, upTo: mark.line) {
                let place = Place(file: file, line: tab.line, column: tab.column)
                return Problem(place, "not YAML: a tab; YAML wants spaces", expected: "spaces at the beginning of a line")
            }
            let around = lines[max(0, min(mark.line - 2, lines.count))..<max(0, min(mark.line, lines.count))].joined(separator: "\n")
            if around.contains("${") {
                return Problem(place, "not YAML: \(what)", expected: "quotes around \"${…}\": put quotes around it")
            }
            return Problem(place, "not YAML: \(what)")
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { ConfigNode.shown(key: $0) }.joined(separator: ", ")
            let mapping = Place(file: file, line: context.mark.line, column: context.mark.column)
            guard let key = keys.first.flatMap({ $0 as String? }), let twice = KeyPlaces(text).twice(key, from: mapping) else {
                return Problem(mapping, "the mapping has a key twice: \(names)", expected: "each key once")
            }
            return Problem(
                twice.second, "the mapping has a key twice: \(names)",
                expected: "each key once; the first is in line \(twice.first.line)")
        case .reader(let what, let offset, _, _):
            // The message of this error would show the line, which may hold a secret.
            return Problem(place(atByte: offset ?? 0, of: text), "not YAML: \(what)", expected: "text without control characters")
        default: return Problem(Place(file: file, line: 1, column: 1), "not YAML")
        }
    }

    private func place(atByte offset: Int, of text: String) -> Place {
        let before = text.utf8.prefix(offset)
        let line = before.count { $0 == 0x0A } + 1
        let column = before.reversed().prefix { $0 != 0x0A }.count + 1
        return Place(file: file, line: line, column: column)
    }

    private mutating func convert(_ node: Node, depth: Int) -> ConfigNode? {
        count += 1
        let place = place(node.mark)
        guard count <= Self.mostNodes, depth <= Self.deepest else {
            if count == Self.mostNodes + 1 || depth == Self.deepest + 1 {
                problems.add(Problem(place, "the file is too large or too deep", expected: "at most \(Self.mostNodes) values"))
            }
            return nil
        }
        switch node {
        case .scalar(let scalar): return ConfigNode(.scalar(interpolated(scalar, at: place)), at: place)
        case .sequence(let items):
            var nodes: [ConfigNode] = []
            for item in items { if let converted = convert(item, depth: depth + 1) { nodes.append(converted) } }
            return ConfigNode(.sequence(nodes), at: place)
        case .mapping(let mapping):
            var entries: [ConfigNode.Entry] = [], merged: [ConfigNode.Entry] = []
            for (key, value) in mapping {
                if key.scalar?.string == "<<", key.scalar?.style != .doubleQuoted, key.scalar?.style != .singleQuoted {
                    merged += merging(value, depth: depth)
                    continue
                }
                guard let name = key.scalar?.string else {
                    problems.add(Problem(self.place(key.mark), "a key is no text", expected: quotesHint(key)))
                    continue
                }
                if let converted = convert(value, depth: depth + 1) {
                    entries.append(ConfigNode.Entry(key: name, keyPlace: self.place(key.mark), value: converted))
                }
            }
            // Keys of the mapping itself come before merged ones, and an earlier merged mapping before a later one.
            var keys = Set(entries.map(\.key))
            for entry in merged where keys.insert(entry.key).inserted { entries.append(entry) }
            return ConfigNode(.mapping(entries), at: place)
        case .alias:
            problems.add(Problem(place, "an alias leads nowhere"))
            return nil
        }
    }

    /// The entries of a merge key `<<`, whose value is a mapping or a list of mappings. Source: https://yaml.org/type/merge.html
    private mutating func merging(_ value: Node, depth: Int) -> [ConfigNode.Entry] {
        let sources: [Node] = value.sequence.map(Array.init) ?? [value]
        return sources.flatMap { source -> [ConfigNode.Entry] in
            guard source.mapping != nil, case .mapping(let entries)? = convert(source, depth: depth + 1)?.content else {
                problems.add(Problem(place(source.mark), "'<<' merges what is no mapping", expected: "<<: *name of a mapping"))
                return []
            }
            return entries
        }
    }

    /// The first tab before the text of a line; nil if there is none up to a line.
    private static func tab(in lines: [Substring], upTo last: Int) -> (line: Int, column: Int)? {
        for (index, line) in lines.prefix(last).enumerated() {
            let start = line.prefix { $0 == " " || $0 == "\t" }
            if let tab = start.firstIndex(of: "\t"), start.count < line.count {
                return (index + 1, line.distance(from: line.startIndex, to: tab) + 1)
            }
        }
        return nil
    }

    /// A hint for `{key: ${X}}` without quotes, which YAML reads as a mapping inside a mapping.
    private func quotesHint(_ key: Node) -> String { "a name; put quotes around it if it is \"${…}\"" }

    private func place(_ mark: Mark?) -> Place { Place(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1) }

    private func interpolated(_ scalar: Node.Scalar, at place: Place) -> ConfigNode.Scalar {
        let isPlain = scalar.style == .plain || scalar.style == .any
        guard scalar.string.contains("${") else { return ConfigNode.Scalar(text: scalar.string, isPlain: isPlain) }
        var interpolation = Interpolation(scalar.string, folder: folder)
        var isUnresolved = false
        let text = interpolation.resolve(environment: environment, readFile: readFile) { problem, expected, isOfEnvironment in
            isUnresolved = true
            var complaint = Problem(place, problem, expected: expected)
            complaint.isOfEnvironment = isOfEnvironment
            problems.add(complaint)
        }
        return ConfigNode.Scalar(
            text: text, isPlain: isPlain && text.isEmpty, isInterpolated: interpolation.replaced, isUnresolved: isUnresolved)
    }
}

/// Replaces `${NAME}`, `${NAME:-default}` and `${file:/path}`; `$${` gives a plain `${`.
struct Interpolation {
    private var rest: Substring
    private let folder: String
    private(set) var replaced = false

    /// - Parameter folder: where relative paths start.
    init(_ text: String, folder: String = "/") {
        rest = Substring(text)
        self.folder = folder
    }

    mutating func resolve(
        environment: [String: String], readFile: (String) -> String?,
        complain: (_ problem: String, _ expected: String, _ isOfEnvironment: Bool) -> Void
    ) -> String {
        var out = ""
        while let start = rest.range(of: "${") {
            let before = rest[..<start.lowerBound]
            out += before
            // Only a `$` in the text itself escapes. A replaced value that ends in `$` does not.
            if before.hasSuffix("$") {
                out += "{"
                rest = rest[start.upperBound...]
                continue
            }
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                complain("'${' has no end", "${NAME}, ${NAME:-default} or ${file:/path}", false)
                return out
            }
            let value = value(String(rest[start.upperBound..<end]), environment, readFile, complain)
            replaced = true
            rest = rest[rest.index(after: end)...]
            out += isOfUser(after: out) ? value.percentEncoded : value
        }
        return out + rest
    }

    /// Whether a value stands in the user or password of a database's URI. There it is written as it is, and a URI needs some of its
    /// characters encoded.
    private func isOfUser(after before: String) -> Bool {
        guard before.hasPrefix("postgresql://") || before.hasPrefix("postgres://") else { return false }
        let next = rest.replacing(/\$\{[^}]*\}/, with: "").first { "@/?".contains($0) }
        return next == "@"
    }

    private func value(
        _ name: String, _ environment: [String: String], _ readFile: (String) -> String?, _ complain: (String, String, Bool) -> Void
    ) -> String {
        if name.hasPrefix("file:") {
            let path = String(name.dropFirst(5))
            guard var text = readFile(path) else {
                complain(TextFile.whyUnread(absolutePath(path, in: folder)), "a file that this user may read", true)
                return ""
            }
            if text.unicodeScalars.last == "\n" { text.unicodeScalars.removeLast() }
            if text.unicodeScalars.last == "\r" { text.unicodeScalars.removeLast() }
            return text
        }
        let parts = name.range(of: ":-")
        let variable = String(name[..<(parts?.lowerBound ?? name.endIndex)])
        if let value = environment[variable], !value.isEmpty { return value }
        if let parts { return String(name[parts.upperBound...]) }
        complain("the environment variable \(variable) is not set", "a value, or a default as in ${\(variable):-default}", true)
        return ""
    }
}
