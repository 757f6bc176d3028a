import Mustache
import RelayCore

extension Fields {
    var isStaging: Bool { values["staging"] == .flag(true) }

    /// The values as the engine takes them, every text made harmless in the dialect. What is left out is false to a section.
    func escaped(for request: TemplateSet.Request, _ dialect: Dialect) -> Any {
        var all = values
        all["destination"] = .text(request.destination)
        return Scope(all, dialect)
    }
}

/// Names that a template may use. The engine asks a type that it knows; in anything else it would look by reflection, at each name.
private final class Scope: MustacheParent {
    private let values: [String: Fields.Value]
    private let dialect: Dialect

    init(_ values: [String: Fields.Value], _ dialect: Dialect) {
        self.values = values
        self.dialect = dialect
    }

    func child(named name: String) -> Any? {
        switch values[name] {
        case .text(let text): EscapedText(dialect.escape(text))
        case .link(let url): EscapedText(dialect.link(url))
        case .flag(let flag): flag
        case .list(let items): items.map { Scope($0, dialect) }
        case nil: nil
        }
    }
}

/// A text that is harmless already. It has no names of its own: inside a section on it, those around it are meant.
private final class EscapedText: MustacheParent, MustacheCustomRenderable {
    let renderText: String
    let isNull = false

    init(_ text: String) { renderText = text }

    func child(named: String) -> Any? { nil }
}
