/// One mapping of the configuration file, read key by key.
///
/// Every read records its key, and every mistake becomes a `Problem`. `finish()` then reports the keys that no read asked for. So a reader
/// is a plain list of reads, and the user sees all mistakes at once. A read that fails returns nil, or the default.
package final class ConfigSection {
    package let place: Place
    /// The section's dotted name for the user, such as `destinations.ops`.
    package let path: String
    package let problems: ProblemList
    private let entries: [ConfigNode.Entry]
    private var asked: [String] = []
    /// The path with `*` for names and `[]` for entries of lists, for `ConfigShapes`.
    private let pattern: String

    /// Returns nil and reports a problem if the node is not a mapping.
    package convenience init?(_ node: ConfigNode, path: String, problems: ProblemList) {
        self.init(node, path: path, pattern: path, problems: problems)
    }

    private init?(_ node: ConfigNode, path: String, pattern: String, problems: ProblemList) {
        self.pattern = pattern
        guard case .mapping(let entries) = node.content else {
            problems.add(Problem(node.place, "\(path) is \(node.shape)", expected: "a mapping"))
            return nil
        }
        self.entries = entries
        self.place = node.place
        self.path = path
        self.problems = problems
    }

    package var keys: [String] { entries.map(\.key) }

    /// Reads a key's value; nil if the key is left out, empty or null.
    package func node(_ key: String) -> ConfigNode? { node(key, as: .any) }

    /// The raw value of a key whose value is a text, for a reader that only asks whether there is one.
    package func textNode(_ key: String) -> ConfigNode? { node(key, as: .text) }

    /// The raw value of a key whose value is a text or a list of texts.
    package func textsNode(_ key: String) -> ConfigNode? { node(key, as: .texts) }

    private func node(_ key: String, as shape: ConfigShapes.Shape) -> ConfigNode? {
        asked.append(key)
        problems.shapes?.note(shape, key, in: pattern)
        guard let value = entries.first(where: { $0.key == key })?.value, !value.isMissing else { return nil }
        return value
    }

    /// Whether a key has a value. It does not count as asked for.
    package func holds(_ key: String) -> Bool { entries.contains { $0.key == key && !$0.value.isMissing } }

    package func keyPlace(_ key: String) -> Place { entries.first { $0.key == key }?.keyPlace ?? place }

    /// The dotted name of a key's value, as an error may show it.
    package func pathOf(_ key: String) -> String {
        let name = ConfigNode.showable([key]).first ?? "(\(ConfigNode.shown(key: key)))"
        return path.isEmpty ? name : "\(path).\(name)"
    }

    package func valuePlace(_ key: String) -> Place { entries.first { $0.key == key }?.value.place ?? place }

    package func note(_ key: String, _ problem: String, expected: String? = nil, meant: String? = nil, isWarning: Bool = false) {
        problems.add(Problem(valuePlace(key), problem, expected: expected, meant: meant, isWarning: isWarning))
    }

    package func string(_ key: String) -> String? { string(key, as: .text) }

    private func string(_ key: String, as shape: ConfigShapes.Shape) -> String? {
        node(key, as: shape).flatMap { scalar($0, key: key, expected: "text")?.text }
    }

    package func required(_ key: String, _ expected: String = "text") -> String? {
        guard let node = node(key, as: .text) else {
            missing(key, expected)
            return nil
        }
        return scalar(node, key: key, expected: expected)?.text
    }

    /// Reads a secret, and reports a warning if it is written in the file itself.
    package func secret(_ key: String, required: Bool = false, expected: String = "a secret, best as \"${NAME}\"") -> Secret? {
        guard let node = node(key, as: .secret) else {
            if required { missing(key, expected) }
            return nil
        }
        guard case .scalar(let scalar) = node.content else {
            problems.add(Problem(node.place, "\(path).\(key) is \(node.shape)", expected: expected))
            return nil
        }
        guard !scalar.text.isEmpty else {
            if required { missing(key, expected) }
            return nil
        }
        if !scalar.isInterpolated {
            problems.add(
                Problem(
                    node.place, "\(path).\(key) is a secret that stands in the file", expected: "\"${NAME}\" or \"${file:/path}\"",
                    isWarning: true))
        }
        guard isOneLine(scalar, node, key) else { return nil }
        return Secret(scalar.text)
    }

    package func bool(_ key: String, default fallback: Bool) -> Bool {
        guard let text = string(key, as: .flag) else { return fallback }
        switch text {
        case "true", "True", "TRUE", "yes", "on": return true
        case "false", "False", "FALSE", "no", "off": return false
        default:
            wrong(key, "true or false")
            return fallback
        }
    }

    package func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let text = string(key, as: .integer(range)) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            wrong(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    package func duration(_ key: String) -> Duration? {
        guard let text = string(key, as: .duration) else { return nil }
        guard let duration = Duration(interval: text) else {
            wrong(key, "a duration such as 30s, 5m, 2h or 1d")
            return nil
        }
        return duration
    }

    /// Reads one word of a closed list.
    package func word<Word: RawRepresentable & CaseIterable>(_ key: String, _ type: Word.Type) -> Word? where Word.RawValue == String {
        let words = Word.allCases.map(\.rawValue)
        guard let text = string(key, as: .word(words)) else { return nil }
        if let word = Word(rawValue: text) { return word }
        note(
            key, "\(path).\(key) is \(shown(key))", expected: "one of \(words.joined(separator: ", "))",
            meant: nearest(text, in: words))
        return nil
    }

    /// Reads a list of texts; a single text counts as a list of one.
    package func strings(_ key: String) -> [String]? { places(key)?.map(\.text) }

    /// Reads a list of texts with their places.
    ///
    /// - Parameter words: the words that the caller accepts; nil if they are no closed set. The caller judges them.
    package func places(_ key: String, among words: [String]? = nil) -> [WrittenText]? {
        guard let node = node(key, as: words.map { .words($0) } ?? .texts) else { return nil }
        switch node.content {
        case .scalar(let scalar): return isOneLine(scalar, node, key) ? [WrittenText(scalar, at: node.place)] : nil
        case .sequence(let items):
            return items.filter { !$0.isUnresolved }.compactMap { item in
                scalar(item, key: key, expected: "a list of texts").map { WrittenText($0, at: item.place) }
            }
        case .mapping:
            wrong(key, "a list of texts")
            return nil
        }
    }

    /// Reads a nested mapping.
    package func section(_ key: String) -> ConfigSection? {
        section(key, as: .mapping)
    }

    private func section(_ key: String, as shape: ConfigShapes.Shape) -> ConfigSection? {
        node(key, as: shape).flatMap {
            ConfigSection(
                $0, path: path.isEmpty ? key : "\(path).\(key)", pattern: pattern.isEmpty ? key : "\(pattern).\(key)", problems: problems)
        }
    }

    /// Reads a list of nested mappings.
    package func sections(_ key: String) -> [ConfigSection] {
        guard let node = node(key, as: .mappings) else { return [] }
        guard case .sequence(let items) = node.content else {
            wrong(key, "a list")
            return []
        }
        let name = path.isEmpty ? key : "\(path).\(key)"
        return items.enumerated().compactMap { ConfigSection($1, path: "\(name)[\($0)]", pattern: "\(name)[]", problems: problems) }
    }

    /// Reads a nested mapping whose values are mappings, in the order of the file.
    package func named(_ key: String) -> [(name: String, place: Place, section: ConfigSection)] {
        guard let section = section(key, as: .named) else { return [] }
        return section.entries.compactMap { entry in
            section.asked.append(entry.key)
            return ConfigSection(entry.value, path: section.pathOf(entry.key), pattern: "\(section.pattern).*", problems: problems)
                .map { (entry.key, entry.keyPlace, $0) }
        }
    }

    /// Reports every key that was not asked for.
    /// Call this once, after the last read.
    package func finish() {
        for entry in entries where !asked.contains(entry.key) {
            let known = Set(asked).sorted()
            let isGlued = entry.key.contains(":")
            let choice = known.isEmpty ? nil : "one of \(known.joined(separator: ", "))"
            problems.add(
                Problem(
                    entry.keyPlace, "unknown key \(ConfigNode.shown(key: entry.key))" + (path.isEmpty ? "" : " in \(path)"),
                    expected: isGlued ? "a space after the colon" : choice, meant: isGlued ? nil : nearest(entry.key, in: known)))
        }
    }

    package func missing(_ key: String, _ expected: String) {
        problems.shapes?.noteMissing(key, in: pattern)
        // The reason was already reported when the value's `${…}` was read.
        if entries.contains(where: { $0.key == key && $0.value.holdsUnresolved }) { return }
        let place = entries.first { $0.key == key }?.keyPlace ?? place
        problems.add(Problem(place, "\(path.isEmpty ? "" : path + ".")\(key) is missing", expected: expected))
    }

    /// A key's value as an error may show it.
    package func shown(_ key: String) -> String { entries.first { $0.key == key }?.value.noun ?? "missing" }

    /// At least a part of the key's value came from outside the file, so no error may show any of it.
    package func isInterpolated(_ key: String) -> Bool {
        guard case .scalar(let scalar)? = entries.first(where: { $0.key == key })?.value.content else { return false }
        return scalar.isInterpolated
    }

    /// Marks every key as asked for, when the set of allowed keys is not known.
    package func takeAll() { asked += keys }

    package func wrong(_ key: String, _ expected: String) {
        guard let value = entries.first(where: { $0.key == key })?.value else { return missing(key, expected) }
        problems.add(Problem(value.place, "\(pathOf(key)) is \(value.noun)", expected: expected))
    }

    private func scalar(_ node: ConfigNode, key: String, expected: String) -> ConfigNode.Scalar? {
        if case .scalar(let scalar) = node.content { return isOneLine(scalar, node, key) ? scalar : nil }
        problems.add(Problem(node.place, "\(pathOf(key)) is \(node.noun)", expected: expected))
        return nil
    }

    /// False, with a problem noted, for a value with a line break or another control character. No key takes one: it is a mistake at the end
    /// of a file or of a variable, and could begin another line in a header.
    private func isOneLine(_ scalar: ConfigNode.Scalar, _ node: ConfigNode, _ key: String) -> Bool {
        guard scalar.text.holdsControl else { return true }
        problems.add(Problem(node.place, "\(pathOf(key)) holds a line break or a control character", expected: "one line of text"))
        return false
    }
}

/// The word that was probably meant: at most two edits away, and at most half as many edits as the word has letters.
/// Nil if there is no such word.
package func nearest(_ word: String, in words: some Sequence<String>) -> String? {
    words.map { (word: $0, distance: editDistance(word, $0)) }
        .filter { $0.distance <= 2 && $0.distance * 2 < max(word.count, 3) + 1 }
        .min { $0.distance < $1.distance }?.word
}

/// The number of edits between two words, ignoring case.
/// An insertion, deletion, change, or swap of neighbours is one edit.
/// Only the first 64 Unicode scalars of each word count.
private func editDistance(_ a: String, _ b: String) -> Int {
    let a = Array(a.lowercased().unicodeScalars.prefix(64)), b = Array(b.lowercased().unicodeScalars.prefix(64))
    var rows = [Array(0...b.count)]
    for i in 1..<(a.count + 1) {
        var row = [i]
        for j in 1..<(b.count + 1) {
            var best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { best = min(best, rows[i - 2][j - 2] + 1) }
            row.append(best)
        }
        rows.append(row)
    }
    return rows[a.count][b.count]
}
