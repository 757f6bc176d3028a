import Mustache
import RelayCore
import RelaySupport

/// The parsed templates of one origin (the user's or the built-in ones) with their partials.
struct TemplateFolder: Sendable {
    /// The engine finds partials by their bare name, so the templates themselves get a prefix that no partial can have.
    private static let mark = "/"

    /// The templates that are compiled, which is nearly all of them.
    private let programs: [String: TemplateProgram]
    /// The engine's own form of the others, and of all of them if the engine had to judge them.
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
        let compiler = TemplateCompiler(partials: partials)
        let programs = texts.filter { names.contains($0.key) }.compactMapValues(compiler.program)
        self.init(
            programs: programs.filter { Self.agrees($0.value, with: library, on: Self.mark + $0.key) }, library: library, names: names)
    }

    /// Whether a program gives the engine's bytes for samples.
    private static func agrees(_ program: TemplateProgram, with library: MustacheLibrary, on name: String) -> Bool {
        [TemplateSamples.everything, TemplateSamples.nothing].allSatisfy { fields in
            let own = program.render(fields, destination: "ops", .plain)
            return library.render(fields.escaped(destination: "ops", .plain), withTemplate: name).map { Array($0.utf8) } == own
        }
    }

    /// The built-in templates, which tests hold against the engine. They are parsed only by the compiler, if it takes them all.
    init(trusted texts: [String: String], partials: [String: String]) {
        let programs = texts.compactMapValues(TemplateCompiler(partials: partials).program)
        if programs.count == texts.count {
            self.init(programs: programs, library: MustacheLibrary(), names: Set(texts.keys))
        } else {
            self.init(texts: texts, partials: partials, problems: ProblemList())
        }
    }

    private init(programs: [String: TemplateProgram], library: MustacheLibrary, names: Set<String>) {
        self.programs = programs
        self.library = library
        self.names = names
    }

    var isEmpty: Bool { names.isEmpty }

    func contains(_ name: String) -> Bool { names.contains(name) }

    /// Nil if there is no template of this name.
    func render(_ name: String, _ fields: Fields, _ request: TemplateSet.Request, _ dialect: Dialect) -> String? {
        guard let program = programs[name] else { return renderByEngine(name, fields, request, dialect) }
        let bytes = Quoting.resolved(program.render(fields, destination: request.destination, dialect), dialect.quote)
        return String(decoding: bytes, as: UTF8.self)
    }

    func renderByEngine(_ name: String, _ fields: Fields, _ request: TemplateSet.Request, _ dialect: Dialect) -> String? {
        library.render(fields.escaped(destination: request.destination, dialect), withTemplate: Self.mark + name).map {
            Quoting.resolved($0, dialect.quote)
        }
    }

    /// Whether a template is compiled.
    func isCompiled(_ name: String) -> Bool { programs[name] != nil }

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
