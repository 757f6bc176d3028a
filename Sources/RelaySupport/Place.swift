/// A place in a file that a person wrote.
/// Lines and columns count from 1.
package struct Place: Sendable, Hashable, CustomStringConvertible {
    package var file: String
    package var line: Int
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package var description: String { "\(file):\(line):\(column)" }
}

/// A problem in the configuration or a template: where it is, what is wrong, what was expected, and for a near miss what was probably
/// meant.
package struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
    package var place: Place
    /// The fault in words for people.
    /// It never contains the value of a secret.
    package var problem: String
    package var expected: String?
    package var meant: String?
    /// The problem is a warning: `check` prints it and still accepts the file.
    package var isWarning: Bool
    /// It is about a variable or a file that is not here, not about what the configuration says.
    package var isOfEnvironment = false

    package init(_ place: Place, _ problem: String, expected: String? = nil, meant: String? = nil, isWarning: Bool = false) {
        self.place = place
        self.problem = problem
        self.expected = expected
        self.meant = meant
        self.isWarning = isWarning
    }

    package var description: String {
        var text = "\(place): \(isWarning ? "warning: " : "")\(problem)"
        if let expected { text += "; expected \(expected)" }
        if let meant { text += " (did you mean '\(meant)'?)" }
        return text
    }
}

/// Collects problems, so that all of them can be reported at once.
package final class ProblemList: Sendable {
    private let list = Locked<[Problem]>([])
    /// Collects what the reader asks for; nil if nobody wants to know.
    package let shapes: ConfigShapes?

    package init(shapes: ConfigShapes? = nil) { self.shapes = shapes }

    package func add(_ problem: Problem) { list.withLock { $0.append(problem) } }

    /// All problems in the order of the file, without duplicates.
    package var all: [Problem] {
        var said = Set<Problem>()
        return list.withLock { $0 }.filter { said.insert($0).inserted }
            .sorted { ($0.place.file, $0.place.line, $0.place.column) < ($1.place.file, $1.place.line, $1.place.column) }
    }

    package var errors: [Problem] { all.filter { !$0.isWarning } }
}
