import RelaySupport

/// Finds the places of a key in the text of a file, for an error that the YAML parser reports without them.
struct KeyPlaces {
    private let lines: [Substring]

    init(_ text: String) { lines = text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// The first and the second place of a key in the mapping that begins at a place; nil if they are not found.
    func twice(_ key: String, from mapping: Place) -> (first: Place, second: Place)? {
        var first: Place?
        for number in max(1, mapping.line)...max(1, lines.count) where number <= lines.count {
            for column in columns(of: key, in: lines[number - 1]) where number > mapping.line || column >= mapping.column {
                let place = Place(file: mapping.file, line: number, column: column)
                guard let known = first else {
                    first = place
                    continue
                }
                // A key of another mapping stands in another column, unless both are in one line.
                if known.column == column || known.line == number { return (known, place) }
            }
        }
        return nil
    }

    /// The columns at which a key stands in a line.
    private func columns(of key: String, in line: Substring) -> [Int] {
        line.ranges(of: key).compactMap { range in
            let before = line[..<range.lowerBound].last { $0 != "\"" && $0 != "'" }
            let after = line[range.upperBound...].drop { $0 == "\"" || $0 == "'" || $0 == " " }
            guard before == nil || " {,-?".contains(before ?? " "), after.first == ":" else { return nil }
            return line.distance(from: line.startIndex, to: range.lowerBound) + 1
        }
    }
}
