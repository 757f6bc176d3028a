import Channels
import RelaySupport

/// The JSON Schema of the configuration, for editors. It is made from the reader's own reads of samples that hold every mapping, so the two
/// cannot differ. It judges shapes: what only the whole file can tell, such as a destination that is not there, is judged by `check`.
/// Source: https://json-schema.org/draft/2020-12
struct ConfigurationSchema {
    /// What the reader asked for in the sample of each type of destination.
    private let byType: [(type: String, shapes: ConfigShapes)]
    /// The keys that every sample lacks, by mapping: without them the reader refuses the file.
    private let needed: [String: Set<String>]

    init() {
        byType = Catalogue.types.map(\.name).map { ($0, Self.shapes(of: Self.sample(type: $0))) }
        let others = Self.variants.map { Self.shapes(of: $0).missing }
        let all = byType.map(\.shapes.missing) + others
        let mappings = Set(all.flatMap(\.keys)).filter { $0 != Self.destination }
        var needed = Dictionary(uniqueKeysWithValues: mappings.map { ($0, Self.common($0, all)) })
        // The samples have all that the top needs.
        needed[""] = Self.shapes(of: "{}").missing[""]
        self.needed = needed
    }

    /// The keys that are missing in all samples.
    private static func common(_ mapping: String, _ samples: [[String: Set<String>]]) -> Set<String> {
        samples.dropFirst().reduce(samples.first?[mapping] ?? []) { $0.intersection($1[mapping] ?? []) }
    }

    private static let destination = "destinations.*"

    /// A key that no mapping has: in a mapping with free keys it stands for any.
    private static let stranger = "zzz"

    private static func sample(type: String) -> String {
        """
        links: {}
        retention: {}
        words: {}
        priority_words: {zzz: high}
        people: {ann: {}}
        accounts: {a: {automations: {}, poll: {}}}
        destinations: {d: {type: \(type), pace: {}, quiet: {}, working: {}, ceiling: {}, headers: {zzz: x}}}
        priorities: [{when: {}}]
        expect: [{}]
        routes: [{when: {}, quiet: {}, collapse: {}, escalate: {}}]
        digests: {m: {}}
        server: {heartbeat: {}, sign_in: {oidc: {}, header: {}}}
        """
    }

    /// Samples in which another key makes a key unnecessary.
    private static let variants = [
        "routes: [{digest: [m], escalate: {mention: x}, collapse: {}}]\naccounts: {a: {}}\ndigests: {m: {}}\nserver: {heartbeat: {}, public_url: x, sign_in: {oidc: {}, header: {}}}"
            + "\ndestinations: {d: {type: console, pace: {}, quiet: {}, working: {}, ceiling: {}}}\npriorities: [{}]\nexpect: [{finish_within: 1h}]\npeople: {ann: {}}"
    ]

    /// For each type, other samples of a destination in which another key makes a key unnecessary.
    private static let destinations: [String: [String]] = ["slack": ["token: x, channel: y"]]

    private static func shapes(of text: String) -> ConfigShapes {
        let shapes = ConfigShapes(), problems = ProblemList(shapes: shapes)
        _ = Configuration.reader(
            text: text, file: "", folder: "/", environment: [:], readFile: { _ in nil }, problems)?.read()
        return shapes
    }
}

// MARK: - What a destination needs

extension ConfigurationSchema {
    /// The keys that a destination of a type needs, and whether their values are secrets.
    func needs(ofType type: String) -> [(key: String, isSecret: Bool)] {
        guard let shapes = byType.first(where: { $0.type == type })?.shapes else { return [] }
        return (shapes.missing[Self.destination] ?? []).sorted().map { key in
            (key, shapes.keys[Self.destination]?[key]?.contains(.secret) ?? false)
        }
    }
}

// MARK: - The document

extension ConfigurationSchema {
    var json: JSONValue {
        var root = mapping("", in: byType[0].shapes).object ?? [:]
        root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        root["$id"] = "https://notify-relay.example/schema.json"
        root["title"] = "The configuration of NotifyRelay"
        root["$defs"] = .object(definitions)
        return .object(root)
    }

    /// What stands in many places, once. The mappings inside a destination are the same for all types.
    private var definitions: [String: JSONValue] {
        var definitions = Self.values
        for (path, _) in byType[0].shapes.keys where Self.isShared(path) {
            definitions[Self.name(of: path)] = mapping(path, in: byType[0].shapes)
        }
        return definitions
    }

    private static func isShared(_ path: String) -> Bool { path.hasPrefix(destination + ".") && !path.hasSuffix(".headers") }

    private static func name(of path: String) -> String { path.replacing(".*.", with: "-") }

    private static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/$defs/\(name)")] }

    private func mapping(_ path: String, in shapes: ConfigShapes) -> JSONValue {
        var properties: [String: JSONValue] = [:]
        for (key, found) in shapes.keys[path] ?? [:] where key != Self.stranger {
            properties[key] = value(path.isEmpty ? key : "\(path).\(key)", found, in: shapes)
        }
        var schema: [String: JSONValue] = ["type": ["object", "null"], "properties": .object(properties)]
        let free = shapes.keys[path]?[Self.stranger]
        schema["additionalProperties"] = free.map { value("\(path).\(Self.stranger)", $0, in: shapes) } ?? false
        if let needed = needed[path], !needed.isEmpty { schema["required"] = .array(needed.sorted().map(JSONValue.string)) }
        return .object(schema)
    }

    /// What may stand at a path. A read of the raw node and a read as text say less than another read of the same key.
    private func value(_ path: String, _ found: Set<ConfigShapes.Shape>, in shapes: ConfigShapes) -> JSONValue {
        let isClosed = found.contains { if case .words = $0 { true } else { false } }
        let telling = found.filter { $0 != .any && $0 != .text && !(isClosed && $0 == .texts) }
        let chosen = telling.isEmpty ? (found.contains(.text) ? [.text] : [.any]) : telling
        // A raw read of what is also read as a secret takes more than that, such as a list.
        if found.contains(.any), chosen == [.secret] { return Self.reference("texts") }
        let all = chosen.map { shape($0, path, in: shapes) }
        return all.count == 1 ? all[0] : ["anyOf": .array(all)]
    }

    private func shape(_ shape: ConfigShapes.Shape, _ path: String, in shapes: ConfigShapes) -> JSONValue {
        switch shape {
        case .text, .secret: Self.reference("text")
        case .flag: Self.reference("flag")
        case .integer(let range):
            [
                "anyOf": [
                    ["type": ["integer", "null"], "minimum": .int(Int64(range.lowerBound)), "maximum": .int(Int64(range.upperBound))],
                    Self.pattern("^[0-9]+$"),
                ]
            ]
        case .duration: Self.reference("duration")
        case .word(let words): ["anyOf": [["type": "null"], Self.choice(words)]]
        case .words(let words): Self.oneOrMore(Self.choice(words))
        case .texts: Self.reference("texts")
        case .mapping: Self.isShared(path) ? Self.reference(Self.name(of: path)) : mapping(path, in: shapes)
        case .mappings: ["type": ["array", "null"], "items": mapping("\(path)[]", in: shapes)]
        case .named: named(path, in: shapes)
        case .any: true
        }
    }

    private func named(_ path: String, in shapes: ConfigShapes) -> JSONValue {
        let entry = "\(path).*" == Self.destination ? destinations : mapping("\(path).*", in: shapes)
        return ["type": ["object", "null"], "additionalProperties": entry, "propertyNames": ["pattern": "^[a-z][a-z0-9_-]{0,31}$"]]
    }

    /// A destination has the keys of its type.
    private var destinations: JSONValue {
        let types = byType.map(\.type)
        let rules = byType.map { type, shapes -> JSONValue in
            var then = mapping(Self.destination, in: shapes).object ?? [:]
            let samples =
                [shapes]
                + (Self.destinations[type] ?? []).map {
                    Self.shapes(of: "destinations: {d: {type: \(type), \($0)}}")
                }
            let needed = samples.dropFirst().reduce(samples[0].missing[Self.destination] ?? []) {
                $0.intersection($1.missing[Self.destination] ?? [])
            }
            if !needed.isEmpty { then["required"] = .array(needed.sorted().map(JSONValue.string)) }
            return ["if": ["properties": ["type": ["const": .string(type)]]], "then": .object(then)]
        }
        return [
            "type": "object", "required": ["type"], "properties": ["type": ["enum": .array(types.map(JSONValue.string))]],
            "allOf": .array(rules),
        ]
    }
}

// MARK: - Values

extension ConfigurationSchema {
    /// The reader takes every scalar as the text that is written. Empty is as if it were left out.
    private static let scalar: JSONValue = ["type": ["string", "number", "boolean", "null"]]

    private static let values: [String: JSONValue] = [
        "text": scalar, "texts": oneOrMore(scalar), "duration": ["anyOf": [["type": "null"], pattern("^[0-9]+[smhd]$")]],
        "flag": ["anyOf": [["type": ["boolean", "null"]], pattern("^([Tt]rue|TRUE|yes|on|[Ff]alse|FALSE|no|off)$")]],
    ]

    /// A text of a form, or one with a part that comes from outside the file.
    private static func pattern(_ form: String) -> JSONValue {
        ["type": "string", "anyOf": [["pattern": .string(form)], ["pattern": "\\$\\{"]]]
    }

    private static func choice(_ words: [String]) -> JSONValue {
        ["anyOf": [["enum": .array(words.map(JSONValue.string))], ["type": "string", "pattern": "\\$\\{"]]]
    }

    private static func oneOrMore(_ one: JSONValue) -> JSONValue {
        ["anyOf": [["type": "null"], one, ["type": "array", "items": one]]]
    }
}
