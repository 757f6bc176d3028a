import Foundation
package import RelayCore
package import RelaySupport
import Templates

/// All templates: the user's folder first, then the built-in ones. They are parsed once.
package struct TemplateSet: Sendable {
    /// What a template is rendered for.
    package struct Request: Sendable {
        package var kind: Event.Kind
        package var priority: Priority
        package var destination: String
        package var type: String
        /// True if the destination shows the facts in separate fields; `chat.` templates are then tried before those without a prefix.
        package var hasFields: Bool
        package var dialect: Dialect
        /// The dialect of the HTML part; nil if none is wanted.
        package var html: Dialect?

        package init(
            kind: Event.Kind, priority: Priority, destination: String, type: String, hasFields: Bool = false, dialect: Dialect,
            html: Dialect? = nil
        ) {
            self.kind = kind
            self.priority = priority
            self.destination = destination
            self.type = type
            self.hasFields = hasFields
            self.dialect = dialect
            self.html = html
        }

        /// The names of the user's templates to try, best match first (docs/templates.md).
        var candidates: [String] { names(prefixes: ["\(destination)."] + builtInPrefixes) }

        /// The names of the built-in templates to try.
        /// No built-in template is meant for one destination, so a destination that is called `chat` does not get the `chat.` templates.
        var builtInCandidates: [String] { names(prefixes: builtInPrefixes) }

        private var builtInPrefixes: [String] { ["\(type)."] + (hasFields ? [TemplateSet.fieldsPrefix] : []) + [""] }

        /// Each name with the first prefix, then each with the next one.
        private func names(prefixes: [String]) -> [String] {
            let word = priority.word
            let names =
                kind == .notification ? ["notification-\(word)", word, "notification"] : ["\(kind.rawValue)-\(word)", kind.rawValue]
            return prefixes.flatMap { prefix in names.map { prefix + $0 } }
        }
    }

    package static let builtIn = TemplateSet(user: .empty)

    /// The prefix of templates for all destinations that show the facts in fields.
    private static let fieldsPrefix = "chat."

    private let user: TemplateFolder
    /// The built-in templates. A user's partial replaces the built-in one of the same name.
    private let shipped: TemplateFolder
    private var found = Locked<[BuiltInNames.Sort: BuiltInNames]>([:])
    private static let shippedAlone: TemplateFolder = {
        let (texts, partials) = split(Templates.all)
        return TemplateFolder(trusted: texts, partials: partials)
    }()

    private init(user: TemplateFolder) {
        self.user = user
        shipped = Self.shippedAlone
    }

    /// Reads and checks the user's folder; nil means that there is none. Every problem is noted with its file, line and column.
    package init(folder: String?, destinations: [String: String], types: [String], problems: ProblemList) {
        guard let folder else {
            self = .builtIn
            return
        }
        let files = Self.read(folder, problems)
        let (texts, own) = Self.split(files)
        let partials = Self.split(Templates.all).partials.merging(own) { $1 }
        Self.checkPrefix(texts, destinations.keys.contains { "\($0)." == Self.fieldsPrefix }, folder: folder, problems)
        Self.check(texts, own, partials: partials, folder: folder, prefixes: Array(destinations.keys) + types, problems)
        // Anything the scanner refuses must not reach the engine, because a cycle of partials would crash it.
        guard problems.errors.isEmpty else {
            self = .builtIn
            return
        }
        user = TemplateFolder(texts: texts, partials: partials, problems: problems, file: { "\(folder)/\($0).mustache" })
        shipped =
            own.isEmpty
            ? Self.shippedAlone
            : TemplateFolder(trusted: Self.split(Templates.all).texts, partials: partials)
    }

    package func render(_ fields: Fields, _ request: Request) -> Rendered {
        if user.isEmpty { return renderBuiltIn(fields, request) }
        let own = request.candidates.first(where: user.contains)
        let text = own.flatMap { user.render($0, fields, request, request.dialect) }
        let html = ownHTML(fields, request)
        var rendered: Rendered
        if let own, let text, FactPlaces.taken(from: text).text.hasWords {
            rendered = Rendered(
                text, html: request.html == nil ? nil : html.text ?? Self.html(text), template: "\(own).mustache",
                isStaging: fields.isStaging)
            rendered.isHTMLFromText = html.text == nil
        } else {
            rendered = renderBuiltIn(fields, request)
            rendered.html = html.text ?? rendered.html
            if let own { rendered.fellBackBecause = "\(own).mustache gave no text" }
        }
        if let name = html.empty { rendered.fellBackBecause = "\(name).html.mustache gave no text" }
        return rendered
    }

    /// The HTML from the user's template, and the name of a user's template that gave no text. Both are nil if there is no such template.
    private func ownHTML(_ fields: Fields, _ request: Request) -> (text: String?, empty: String?) {
        guard let dialect = request.html, let name = request.candidates.first(where: { user.contains("\($0).html") }) else {
            return (nil, nil)
        }
        let text = user.render("\(name).html", fields, request, dialect).map { FactPlaces.taken(from: $0).text }
        return text?.hasWords == true ? (text, nil) : (nil, name)
    }

    package func renderBuiltIn(_ fields: Fields, _ request: Request) -> Rendered {
        let names = builtInNames(request)
        let text = shipped.render(names.text, fields, request, request.dialect) ?? ""
        let html = request.html.map { dialect in
            let rendered = names.html.flatMap { shipped.render($0, fields, request, dialect) }
            return rendered.map { FactPlaces.taken(from: $0).text } ?? Self.html(text)
        }
        return Rendered(text, html: html, template: "built-in \(names.text)", isStaging: fields.isStaging)
    }

    /// The names of the built-in templates for a message. They are searched once for each sort of message.
    private func builtInNames(_ request: Request) -> BuiltInNames {
        let sort = BuiltInNames.Sort(kind: request.kind, priority: request.priority, type: request.type, hasFields: request.hasFields)
        if let known = found.withLock({ $0[sort] }) { return known }
        let candidates = request.builtInCandidates
        let names = BuiltInNames(
            text: candidates.first(where: shipped.contains) ?? request.priority.word,
            html: candidates.map { "\($0).html" }.first(where: shipped.contains))
        found.withLock { $0[sort] = names }
        return names
    }

    private struct BuiltInNames {
        struct Sort: Hashable {
            var kind: Event.Kind
            var priority: Priority
            var type: String
            var hasFields: Bool
        }

        var text: String
        /// Nil if no template has HTML.
        var html: String?
    }

    private static func html(_ text: String) -> String { HTMLFromText.make(FactPlaces.taken(from: text).text) }

    private static func split(_ files: [String: String]) -> (texts: [String: String], partials: [String: String]) {
        var texts: [String: String] = [:], partials: [String: String] = [:]
        for (name, text) in files {
            if name.hasPrefix("_") { partials[String(name.dropFirst())] = text } else { texts[name] = text }
        }
        return (texts, partials)
    }

    /// Reads the `.mustache` files of a folder, by name without the extension.
    private static func read(_ folder: String, _ problems: ProblemList) -> [String: String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            problems.add(Problem(Place(file: folder, line: 1, column: 1), "the folder of templates cannot be read", expected: "a folder"))
            return [:]
        }
        var files: [String: String] = [:]
        for name in names.sorted() where name.hasSuffix(".mustache") {
            guard let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) else {
                problems.add(
                    Problem(Place(file: "\(folder)/\(name)", line: 1, column: 1), "the template cannot be read", expected: "UTF-8"))
                continue
            }
            files[String(name.dropLast(".mustache".count))] = text
        }
        return files
    }

    /// Warns of templates with two meanings, because a destination has the name of the prefix `chat.`.
    private static func checkPrefix(_ texts: [String: String], _ isTaken: Bool, folder: String, _ problems: ProblemList) {
        for name in texts.keys.sorted() where isTaken && name.hasPrefix(fieldsPrefix) {
            problems.add(
                Problem(
                    Place(file: "\(folder)/\(name).mustache", line: 1, column: 1),
                    "destination 'chat' uses this template, and so does every destination that shows facts in fields",
                    expected: "another name for the destination", isWarning: true))
        }
    }

    private static func check(
        _ texts: [String: String], _ own: [String: String], partials: [String: String], folder: String, prefixes: [String],
        _ problems: ProblemList
    ) {
        let known = possibleNames(prefixes)
        for name in texts.keys.sorted() where !known.contains(name) {
            problems.add(
                Problem(
                    Place(file: "\(folder)/\(name).mustache", line: 1, column: 1), "no message asks for a template of this name",
                    expected: "a name of docs/templates.md, or _name for a partial", meant: nearest(name, in: known)))
        }
        var works: [String: TemplateWork] = [:]
        for (name, text) in partials {
            var scanner = TemplateScanner(
                file: "\(folder)/_\(name).mustache", partials: Set(partials.keys), isPartial: true,
                problems: own[name] == nil ? ProblemList() : problems)
            scanner.scan(text)
            works[name] = scanner.work
        }
        let uses = works.mapValues { Set($0.partials.map(\.name)) }
        let circles = uses.keys.sorted().filter { reaches($0, from: $0, uses) }
        for name in circles {
            problems.add(
                Problem(Place(file: "\(folder)/_\(name).mustache", line: 1, column: 1), "the partial '\(name)' leads back to itself"))
        }
        let totals = circles.isEmpty ? TemplateWork.totals(of: works) : [:]
        for (name, text) in texts {
            let file = "\(folder)/\(name).mustache"
            var scanner = TemplateScanner(file: file, partials: Set(partials.keys), problems: problems)
            scanner.scan(text)
            guard scanner.work.total(totals) > TemplateWork.most else { continue }
            let place = scanner.work.partials.first { $0.times * (totals[$0.name] ?? 0) > 1_000 }?.place
            problems.add(
                Problem(
                    place ?? Place(file: file, line: 1, column: 1), "the lists and partials inside one another are too many",
                    expected: "at most \(TemplateWork.most) tags in one message"))
        }
    }

    private static func possibleNames(_ prefixes: [String]) -> Set<String> {
        var names = Set<String>()
        for prefix in ["", fieldsPrefix] + prefixes.map({ "\($0)." }) {
            for kind in Event.Kind.allCases {
                names.formUnion(["\(prefix)\(kind.rawValue)", "\(prefix)\(kind.rawValue).html"])
                for priority in Priority.allCases.map(\.word) {
                    names.formUnion(["\(prefix)\(kind.rawValue)-\(priority)", "\(prefix)\(kind.rawValue)-\(priority).html"])
                    names.formUnion(["\(prefix)\(priority)", "\(prefix)\(priority).html"])
                }
            }
        }
        return names
    }

    private static func reaches(_ target: String, from start: String, _ uses: [String: Set<String>]) -> Bool {
        var seen = Set<String>(), open = Array(uses[start] ?? [])
        while let name = open.popLast() {
            if name == target { return true }
            if seen.insert(name).inserted { open += uses[name] ?? [] }
        }
        return false
    }
}
