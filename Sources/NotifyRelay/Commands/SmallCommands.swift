import ArgumentParser
import Channels
import Foundation
import RelayCore
import RelaySupport
import Transport

struct ChannelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "channels", abstract: "What each type of destination can do.")

    @Flag(help: "For programs.") var json = false

    func run() {
        if json { Terminal.say(json: AbilityTable.json) } else { Terminal.say(Terminal.table([AbilityTable.head] + AbilityTable.rows)) }
    }
}

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Asks /healthz of the running relay; for containers without curl.",
        discussion: "Reads server.listen of the configuration, unless --url says where to ask.")

    @OptionGroup var file: ConfigurationOption
    @Option(help: "For example http://127.0.0.1:8080/readyz.") var url: String?

    func run() async throws {
        let client = HTTPClient()
        defer { client.shutdown() }
        var request = HTTPRequest("GET", Secret(try url ?? address()))
        request.timeout = .seconds(5)
        do {
            let answer = try await client.send(request)
            Terminal.say(String(decoding: answer.body, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
            guard answer.status == 200 else { throw ExitCode.unavailable }
        } catch let error as TransportError {
            Terminal.complain(error.detail)
            throw ExitCode.unavailable
        }
    }

    private func address() throws -> String {
        guard let listen = try file.load().server.listen else {
            Terminal.complain("server.listen is not set, so there is nobody to ask")
            throw ExitCode.config
        }
        let isAny = ["0.0.0.0", "::"].contains(listen.host)
        let host = isAny ? "127.0.0.1" : listen.host.contains(":") ? "[\(listen.host)]" : listen.host
        return "http://\(host):\(listen.port)/healthz"
    }
}
