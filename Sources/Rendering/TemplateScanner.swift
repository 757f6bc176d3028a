import RelayCore
import RelaySupport

/// Reads a template's tags before the engine does, and refuses what the engine would accept silently: unknown names and partials,
/// transforms, lambdas, pragmas, other delimiters and inheritance.
struct TemplateScanner {
    /// Every name that some kind of event provides.
    static let names: Set<String> = [
        "id", "kind", "priority", "account", "staging", "destination", "time", "ago", "automation", "automation_id", "risk", "trigger",
        "run_id", "run_status", "link", "type", "message", "headline", "details", "payload", "outcome", "failed", "summary", "error",
        "failed_step", "duration", "streak", "expected", "missing", "happened", "due", "counted_from", "late", "last_seen", "in_a_row",
        "ending", "forgotten", "sentence", "failing_since", "recovered_after", "recovered_at", "state", "open", "action", "actions",
        "waiting", "actor",
        "reason",
        "step", "overdue", "votes", "decide_link", "incomplete", "sample", "name", "from", "until", "new", "still", "recovered", "absences",
        "events",
        "told", "rest", "empty", "catch_up", "topic", "about", "detail", "over", "alike", "pending", "scheduled", "days", "bars", "most",
        "resolved", "succeeded",
    ]
    /// The names inside each list.
    static let itemNames: [String: Set<String>] = [
        "actions": ["line"], "new": failure, "still": failure, "recovered": failure,
        "absences": ["automation", "account", "missing", "due", "in_a_row"],
        "events": ["id", "kind", "priority", "automation", "message", "time", "link"],
        "pending": ["action", "automation", "account", "waiting", "link", "decide_link"], "days": ["date", "day", "failed", "height"],
        "errors": ["text", "times"], "runs": ["run_id", "number", "link"],
    ]
    private static let failure: Set<String> = [
        "automation", "account", "count", "before", "first", "last", "when", "since", "streak", "error", "errors", "other_errors", "runs",
        "link",
    ]

    /// The most sections inside one another. The engine calls itself for each.
    private static let deepest = 40

    let file: String
    /// The names of all partials, without `_`.
    let partials: Set<String>
    private let isPartial: Bool
    let problems: ProblemList
    private(set) var work = TemplateWork()
    private var open: [(name: String, place: Place)] = []

    /// - Parameter isPartial: a partial may be used inside a list, so it may use the item names of every list.
    init(file: String, partials: Set<String>, isPartial: Bool = false, problems: ProblemList) {
        self.file = file
        self.partials = partials
        self.isPartial = isPartial
        self.problems = problems
    }

    mutating func scan(_ text: String) {
        let scalars = Array(text.unicodeScalars)
        var at = 0, line = 1, lineStart = 0
        while at < scalars.count {
            if scalars[at] == "\n" { (line, lineStart) = (line + 1, at + 1) }
            guard at + 1 < scalars.count, scalars[at] == "{", scalars[at + 1] == "{" else {
                at += 1
                continue
            }
            let place = Place(file: file, line: line, column: at - lineStart + 1)
            guard open.count <= Self.deepest else {
                problems.add(Problem(place, "the sections are too deep", expected: "at most \(Self.deepest), one inside the other"))
                return
            }
            let isTriple = at + 2 < scalars.count && scalars[at + 2] == "{"
            let start = at + (isTriple ? 3 : 2)
            guard let end = close(scalars, from: start, isTriple ? 3 : 2) else {
                problems.add(Problem(place, "the tag has no end", expected: isTriple ? "}}}" : "}}"))
                return
            }
            var tag = String(String.UnicodeScalarView(scalars[start..<end]))
            if isTriple { tag = "&" + tag }
            judge(tag, at: place)
            for index in start..<end where scalars[index] == "\n" { (line, lineStart) = (line + 1, index + 1) }
            at = end + (isTriple ? 3 : 2)
        }
        for section in open {
            problems.add(Problem(section.place, "the section '\(section.name)' has no end", expected: "{{/\(section.name)}}"))
        }
    }

    private func close(_ scalars: [Unicode.Scalar], from start: Int, _ count: Int) -> Int? {
        var at = start
        while at + count <= scalars.count {
            if (0..<count).allSatisfy({ scalars[at + $0] == "}" }) { return at }
            at += 1
        }
        return nil
    }

    private mutating func judge(_ tag: String, at place: Place) {
        let sign = tag.first.map(String.init) ?? ""
        let name = trimmed("#^/>&!".contains(sign) ? String(tag.dropFirst()) : tag)
        work.tags += times
        switch sign {
        case "!": break
        case "#", "^":
            judgeName(name, at: place)
            open.append((name, place))
        case "/":
            guard let last = open.popLast(), last.name == name else {
                problems.add(Problem(place, "'{{/\(name)}}' ends no section", expected: open.last.map { "{{/\($0.name)}}" }))
                return
            }
        case ">":
            work.partials.append(TemplateWork.Use(name: name, times: times, place: place))
            if !partials.contains(name) {
                problems.add(Problem(place, "there is no partial '_\(name).mustache'", meant: nearest(name, in: partials)))
            }
        case "=", "%", "<", "$", "*":
            problems.add(Problem(place, "'{{\(sign)' is not allowed here", expected: "names, sections and partials only"))
        default: judgeName(name, at: place)
        }
    }

    /// How often what stands here may be rendered.
    private var times: Int {
        open.reduce(1) { Self.itemNames[$1.name] == nil ? $0 : min($0 * TemplateWork.longestList, TemplateWork.most + 1) }
    }

    private func judgeName(_ name: String, at place: Place) {
        let lists = isPartial ? Array(Self.itemNames.values) : open.compactMap { Self.itemNames[$0.name] }
        let known = lists.reduce(Self.names) { $0.union($1) }
        if known.contains(name) { return }
        if name.contains("(") { return problems.add(Problem(place, "'\(name)' is a transform, which is not allowed", expected: "a name")) }
        problems.add(
            Problem(place, "'\(name.prefix(40))' is not known", expected: "a name of docs/templates.md", meant: nearest(name, in: known)))
    }

    private func trimmed(_ text: String) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
