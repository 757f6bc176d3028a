import ArgumentParser
import RelaySupport

struct ChannelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "channels", abstract: "What each type of destination can do.")

    @Flag(help: "For programs.") var json = false

    func run() {
        if json { Terminal.say(json: AbilityTable.json) } else { Terminal.say(Terminal.table([AbilityTable.head] + AbilityTable.rows)) }
    }
}
