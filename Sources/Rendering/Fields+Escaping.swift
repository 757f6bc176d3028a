import Mustache
import RelayCore

extension Fields {
    var isStaging: Bool { values["staging"] == .flag(true) }

    /// The values in the form that the engine takes, with every text escaped for the dialect. A missing value is false to a section.
    func escaped(destination: String, _ dialect: Dialect) -> Any {
        var all = values
        all["destination"] = .text(destination)
        return Scope(all, dialect)
    }
}

/// The names that a template may use. The engine asks this type directly; for other types it would use reflection for each name.
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
        case .quoted(let text): EscapedText(Quoting.marked(dialect.escape(text)))
        case .fact(let text, let fact): EscapedText(FactPlaces.marked(Quoting.marked(dialect.escape(text)), as: fact))
        case .link(let url): EscapedText(dialect.link(url))
        case .flag(let flag): flag
        case .list(let items): items.map { Scope($0, dialect) }
        case nil: nil
        }
    }
}

/// A text that is already escaped. It has no child names: inside a section on it, the surrounding names apply.
private final class EscapedText: MustacheParent, MustacheCustomRenderable {
    let renderText: String
    let isNull = false

    init(_ text: String) { renderText = text }

    func child(named: String) -> Any? { nil }
}
