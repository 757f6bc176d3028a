import RelayCore

/// A compiled template: its words, and what is done between them. It writes what the engine would write, without boxing a value.
struct TemplateProgram: Sendable {
    enum Step: Sendable {
        case words([UInt8])
        case field(String)
        /// Rendered once for each item of a list, and once for any other value but `false`. Inverted, it is rendered where that is never.
        case section(String, isInverted: Bool, [Step])
    }

    let steps: [Step]

    /// The rendered text, with the marks of `Quoting` and `FactPlaces`.
    func render(_ fields: Fields, destination: String, _ dialect: Dialect) -> [UInt8] {
        var run = Run(scopes: [["destination": .text(destination)], fields.values], dialect: dialect)
        run.out.reserveCapacity(1_024)
        run.run(steps)
        return run.out
    }
}

/// One rendering.
private struct Run {
    /// The inner names come last, and hide the outer ones.
    var scopes: [[String: Fields.Value]]
    let dialect: Dialect
    var out: [UInt8] = []

    init(scopes: [[String: Fields.Value]], dialect: Dialect) {
        self.scopes = scopes
        self.dialect = dialect
    }

    mutating func run(_ steps: [TemplateProgram.Step]) {
        for step in steps {
            switch step {
            case .words(let words): out += words
            case .field(let name): write(value(name))
            case .section(let name, let isInverted, let body): isInverted ? invert(value(name), body) : section(value(name), body)
            }
        }
    }

    private func value(_ name: String) -> Fields.Value? {
        for scope in scopes.reversed() {
            if let value = scope[name] { return value }
        }
        return nil
    }

    private mutating func section(_ value: Fields.Value?, _ body: [TemplateProgram.Step]) {
        switch value {
        case nil, .flag(false): return
        case .list(let items):
            for item in items {
                scopes.append(item)
                run(body)
                scopes.removeLast()
            }
        default: run(body)
        }
    }

    private mutating func invert(_ value: Fields.Value?, _ body: [TemplateProgram.Step]) {
        switch value {
        case nil, .flag(false): run(body)
        case .list(let items) where items.isEmpty: run(body)
        default: return
        }
    }

    private mutating func write(_ value: Fields.Value?) {
        switch value {
        case .text(let text): out += dialect.escape(text).utf8
        case .quoted(let text): Quoting.mark(dialect.escape(text), in: &out)
        case .fact(let text, let fact):
            Quoting.mark(dialect.escape(text), in: &out)
            FactPlaces.mark(fact, in: &out)
        case .link(let url): out += dialect.link(url).utf8
        case .flag(let flag): out += (flag ? "true" : "false").utf8
        case nil, .list: return
        }
    }
}
