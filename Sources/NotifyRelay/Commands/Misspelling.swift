import ArgumentParser
import RelaySupport

/// Finds a command that is not known, and the one that is probably meant.
enum Misspelling {
    /// What to say about the arguments; nil if the parser has to judge them.
    static func words(for arguments: [String]) -> String? {
        var names = Self.names(of: NotifyRelay.self)
        var command: any ParsableCommand.Type = NotifyRelay.self
        var path = "notify-relay"
        for argument in arguments {
            guard !argument.hasPrefix("-"), !names.isEmpty else { return nil }
            if argument == "help", command == NotifyRelay.self { continue }
            guard let next = command.configuration.subcommands.first(where: { $0._commandName == argument }) else {
                let meant = nearest(argument, in: names).map { "; did you mean '\(path) \($0)'?" } ?? "; 'notify-relay help' lists all"
                return "there is no command '\(path) \(argument.oneLine(most: 60))'\(meant)\nUsage: \(path) <subcommand>"
            }
            command = next
            path += " \(argument)"
            names = Self.names(of: next)
        }
        return nil
    }

    private static func names(of command: any ParsableCommand.Type) -> [String] {
        command.configuration.subcommands.map { $0._commandName }
    }
}
