import RelaySupport

/// How much one template may make the engine do. Lists inside lists and partials inside partials multiply.
struct TemplateWork {
    /// A partial where it is used.
    struct Use {
        var name: String
        /// How often it may be rendered there.
        var times: Int
        var place: Place
    }

    /// The most tags that one message may render. The built-in templates need a few thousand.
    static let most = 1_000_000
    /// The number of items to reckon with in each list.
    static let longestList = 20

    /// How often the template's own tags may be rendered.
    var tags = 0
    var partials: [Use] = []

    /// The tags that are rendered with those of all partials; at most a little over `most`. The partials must not lead back to themselves.
    func total(_ totals: [String: Int]) -> Int {
        partials.reduce(tags) { sum, use in
            let (product, isOver) = use.times.multipliedReportingOverflow(by: totals[use.name] ?? 0)
            return min(sum + (isOver ? Self.most + 1 : min(product, Self.most + 1)), Self.most + 1)
        }
    }

    /// The totals of all partials.
    static func totals(of works: [String: TemplateWork]) -> [String: Int] {
        var totals: [String: Int] = [:]
        func reckon(_ name: String) {
            guard totals[name] == nil, let work = works[name] else { return }
            for use in work.partials { reckon(use.name) }
            totals[name] = work.total(totals)
        }
        for name in works.keys { reckon(name) }
        return totals
    }
}
