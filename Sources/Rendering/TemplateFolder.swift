import Mustache
import RelayCore
import RelaySupport

/// The parsed templates of one origin (the user's or the built-in ones) with their partials.
struct TemplateFolder: Sendable {
    /// The engine finds partials by their bare name, so the templates themselves get a prefix that no partial can have.
    private static let mark = "/"

    private let library: MustacheLibrary
    private let names: Set<String>

    static let empty = TemplateFolder(texts: [:], partials: [:], problems: ProblemList())

    /// - Parameters:
    ///   - texts: templates by name, without `.mustache`.
    ///   - partials: partials by name, without `_` and `.mustache`. The caller has already replaced built-in ones by the user's.
    init(texts: [String: String], partials: [String: String], problems: ProblemList, file: (String) -> String = { "\($0).mustache" }) {
        var library = MustacheLibrary()
        var names = Set<String>()
        for (name, text) in partials {
            Self.register(text, named: name, in: &library, file: file("_\(name)"), problems)
        }
        for (name, text) in texts where Self.register(text, named: Self.mark + name, in: &library, file: file(name), problems) {
            names.insert(name)
        }
        self.library = library
        self.names = names
    }

    func contains(_ name: String) -> Bool { names.contains(name) }

    /// Nil if there is no template of this name.
    func render(_ name: String, _ fields: Fields, _ request: TemplateSet.Request, _ dialect: Dialect) -> String? {
        library.render(fields.escaped(for: request, dialect), withTemplate: Self.mark + name).map { Quoting.resolved($0, dialect.quote) }
    }

    @discardableResult
    private static func register(
        _ text: String, named name: String, in library: inout MustacheLibrary, file: String, _ problems: ProblemList
    ) -> Bool {
        do {
            // Values are already escaped, so the engine must not escape them. The pragma is on every text, because the engine resets to
            // HTML escaping in partials.
            library.register(try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}" + text.withUnixLineEnds), named: name)
            return true
        } catch let error as MustacheTemplate.ParserError {
            let place = Place(file: file, line: error.context.lineNumber, column: error.context.columnNumber)
            problems.add(Problem(place, "the template cannot be read: \(error.error)"))
        } catch {
            problems.add(Problem(Place(file: file, line: 1, column: 1), "the template cannot be read: \(error)"))
        }
        return false
    }
}
