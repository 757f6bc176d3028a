import ArgumentParser
import RelayCore
import RelaySupport

extension Generation {
    /// Makes a generation for a command. Each problem is written to stderr, and the command then ends with 78.
    static func orExit(_ configuration: Configuration, tools: Tools, keys: LinkKeys? = nil) throws -> Generation {
        let problems = ProblemList()
        guard let generation = make(configuration, tools: tools.channel, keys: keys, problems: problems) else {
            for problem in problems.errors { Terminal.complain(problem.description) }
            throw ExitCode.config
        }
        return generation
    }

    /// The named destinations; nil asks for all. An unknown name ends the command with 66.
    func destinations(named names: [String]?) throws -> [Destination] {
        guard let names else { return destinations }
        return try names.map { name in
            if let destination = destinations.first(where: { $0.name == name }) { return destination }
            if configuration.destinations.contains(where: { $0.name == name }) {
                Terminal.complain("\(name) cannot be used: its entry in the configuration has errors")
                throw ExitCode.config
            }
            let near = nearest(name, in: destinations.map(\.name)).map { " (did you mean '\($0)'?)" } ?? ""
            Terminal.complain("no destination is called '\(name)'\(near)")
            throw ExitCode.noInput
        }
    }
}
