/// The fields on which a compiled template is held against the engine when it is read.
enum TemplateSamples {
    /// Every name has a value: the lists two items, the others words with a line break.
    static let everything: Fields = {
        var values: [String: Fields.Value] = [:]
        for name in TemplateScanner.names { values[name] = .quoted("\(name)\n 2") }
        for (name, items) in TemplateScanner.itemNames {
            values[name] = .list((1...2).map { number in [String: Fields.Value](items.map { ($0, .text("\($0) \(number)")) }) { $1 } })
        }
        values["staging"] = .flag(true)
        return Fields(values: values)
    }()

    static let nothing = Fields(values: ["staging": .flag(false), "events": .list([])])
}
