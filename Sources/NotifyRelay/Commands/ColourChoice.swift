import ArgumentParser

/// Whether output is coloured: on a terminal, unless NO_COLOR is set (https://no-color.org). `--color always|never|auto`, which every
/// command takes, says otherwise.
enum ColourChoice: String, CaseIterable, Sendable {
    case auto, always, never

    private static let option = "--color"

    /// Takes the option out of the arguments. What stands after `--` is no option.
    ///
    /// - Throws: `ValidationError` for another word.
    static func taken(from arguments: [String]) throws -> (choice: ColourChoice, rest: [String]) {
        var choice = ColourChoice.auto, rest: [String] = []
        var words = arguments[...]
        while let word = words.popFirst() {
            if word == "--" { return (choice, rest + [word] + words) }
            if word == option {
                choice = try read(words.popFirst())
            } else if word.hasPrefix(option + "=") {
                choice = try read(String(word.dropFirst(option.count + 1)))
            } else {
                rest.append(word)
            }
        }
        return (choice, rest)
    }

    private static func read(_ word: String?) throws -> ColourChoice {
        guard let word, let choice = ColourChoice(rawValue: word) else {
            throw ValidationError("\(option) is one of \(allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    func isColoured(onTerminal: Bool, noColour: Bool) -> Bool {
        switch self {
        case .auto: onTerminal && !noColour
        case .always: true
        case .never: false
        }
    }
}
