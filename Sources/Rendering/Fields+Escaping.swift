import RelayCore

extension Fields {
    var isStaging: Bool { values["staging"] == .flag(true) }

    /// The values as the engine takes them, every text made harmless in the dialect. What is left out is false to a section.
    func escaped(for request: TemplateSet.Request, _ dialect: Dialect) -> [String: Any] {
        var all = values
        all["destination"] = .text(request.destination)
        return all.mapValues { $0.escaped(dialect) }
    }
}

extension Fields.Value {
    fileprivate func escaped(_ dialect: Dialect) -> Any {
        switch self {
        case .text(let text): dialect.escape(text)
        case .flag(let flag): flag
        case .list(let items): items.map { item in item.mapValues { $0.escaped(dialect) } as [String: Any] }
        }
    }
}
