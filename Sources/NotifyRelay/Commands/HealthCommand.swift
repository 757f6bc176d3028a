import ArgumentParser
import Foundation
import RelayCore
import RelaySupport
import Transport

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Is the running relay alive? For containers without curl.",
        discussion: """
            Asks the socket beside the store, STORE.sock, which needs no port and no setting. If nobody listens there, it asks /healthz of
            server.listen. --url asks elsewhere. No proxy is used. 0: it is alive; 69: it did not answer.
            """)

    @OptionGroup var file: ConfigurationOption
    @Option(help: "For example http://127.0.0.1:8080/readyz.") var url: String?

    func run() async throws {
        let caller = HealthCaller()
        defer { caller.end() }
        if let url { return try await caller.ask(url) }
        let part = PartialConfiguration.read(path: file.path, environment: ProcessInfo.processInfo.environment)
        guard part.store != nil || part.configuration.server.listen != nil else { throw part.refusal }
        if let warning = part.warning { Terminal.complain(warning) }
        if let store = part.store {
            let socket = HealthSocket(store: store, file: Configuration.absolute(file.path))
            if try await caller.asks(socket) { return }
            Terminal.complain("nobody answers at \(socket.path): the relay does not run, or runs as another user")
        }
        guard let listen = part.configuration.server.listen else { throw ExitCode.unavailable }
        try await caller.ask(Self.address(listen))
    }

    private static func address(_ listen: HostAndPort) -> String {
        let isAny = ["0.0.0.0", "::"].contains(listen.host)
        let host = isAny ? "127.0.0.1" : listen.host.contains(":") ? "[\(listen.host)]" : listen.host
        return "http://\(host):\(listen.port)/healthz"
    }
}

/// Asks a relay how it is. Everything but a status of 200 ends the command with 69.
private struct HealthCaller {
    private let client = HTTPClient()

    func end() { client.shutdown() }

    /// Asks at an address, without a proxy from the environment.
    func ask(_ url: String) async throws {
        do {
            try await say(url, NetworkOptions(proxy: Secret("")))
        } catch let error as TransportError {
            try fail(error)
        }
    }

    /// Asks at the socket. Returns false if nobody listens there.
    func asks(_ socket: HealthSocket) async throws -> Bool {
        do {
            try await say("http://localhost/healthz", NetworkOptions(socket: socket.address))
        } catch let error as TransportError {
            if error.reason == .unreachable { return false }
            try fail(error)
        }
        return true
    }

    private func say(_ url: String, _ network: NetworkOptions) async throws {
        var request = HTTPRequest("GET", Secret(url), network: network)
        request.timeout = .seconds(5)
        let answer = try await client.send(request)
        Terminal.say(String(decoding: answer.body, as: UTF8.self).trimmed)
        guard answer.status == 200 else { throw ExitCode.unavailable }
    }

    private func fail(_ error: TransportError) throws {
        Terminal.complain(error.detail)
        throw ExitCode.unavailable
    }
}
