import ArgumentParser
import Channels
import Dedup
import Foundation
import Logging
import RelayCore
import ServiceLifecycle
import Transport

/// Puts a relay together from a configuration, and runs it among the signals of the machine.
struct Engine: Sendable {
    /// Of the configuration file, for reloads.
    let path: String
    let grace: Duration
    let logger: Logger

    func run(_ configuration: Configuration) async throws {
        // First of all: a signal that comes while the store is opened is kept.
        let signals = Signals.stream([SIGTERM, SIGINT, SIGHUP])
        let notices = RunNotices(logger: logger, clock: SystemClock())
        try await with(configuration) { relay, tools, keys in
            try await relay.prepare()
            notices.started(configuration)
            defer { notices.stopped() }
            let heartbeat = configuration.server.heartbeat.map {
                Heartbeat(url: $0.url, every: $0.every, http: tools.http, relay: relay, clock: tools.clock, logger: logger)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await relay.run() }
                if let heartbeat { group.addTask { await heartbeat.run() } }
                if let listen = configuration.server.listen {
                    group.addTask { try await HealthServer(host: listen.host, port: listen.port, relay: relay, logger: logger).run() }
                }
                if let listen = configuration.server.publicListen {
                    let server = publicServer(at: listen, configuration.server, relay, tools: tools, keys: keys)
                    group.addTask { try await server.run() }
                }
                group.addTask { await heedSignals(signals, relay, tools: tools, keys: keys, server: configuration.server) }
                // The first to end is the relay after a stop, or whatever broke.
                try await group.next()
                try await end(&group, relay: relay)
            }
        }
    }

    /// After a stop: what is in flight has `grace` to end, then it is cut off and is owed again.
    private func end(_ group: inout ThrowingTaskGroup<Void, any Error>, relay: Relay) async throws {
        await relay.stop()
        let grace = grace
        group.addTask { try await SystemClock().sleep(for: grace) }
        group.addTask { await relay.ended() }
        try? await group.next()
        group.cancelAll()
    }

    func once(_ configuration: Configuration) async throws -> Bool {
        try await with(configuration) { relay, _, _ in
            try await relay.prepare()
            return await relay.runOnce()
        }
    }

    private func with<Result: Sendable>(
        _ configuration: Configuration, _ body: (Relay, ChannelTools, LinkKeys) async throws -> Result
    ) async throws -> Result {
        let clock = SystemClock()
        let http = HTTPClient()
        let mail = MailClient()
        defer {
            http.shutdown()
            mail.shutdown()
        }
        let tools = ChannelTools(
            http: http, mail: mail, clock: clock, write: { Terminal.write($0 + "\n", to: STDOUT_FILENO) }, version: NotifyRelay.versionText)
        let problems = ProblemList()
        let keys = try linkKeys(configuration)
        guard let generation = Generation.make(configuration, tools: tools, keys: keys, problems: problems) else {
            for problem in problems.errors { Terminal.complain(problem.description) }
            throw ExitCode.config
        }
        let ledger = try openStore(configuration, clock: clock)
        defer { try? ledger.close() }
        let relay = Relay(
            generation: generation, ledger: ledger, http: http, clock: clock, logger: logger, version: NotifyRelay.versionText,
            chance: { Double.random(in: 0..<1) }, cursor: Relay.Listeners(keys: keys, tools: tools))
        return try await body(relay, tools, keys)
    }

    private func linkKeys(_ configuration: Configuration) throws -> LinkKeys {
        do {
            return try LinkKeys.load(configured: configuration.server.linkKeys, store: configuration.store)
        } catch {
            Terminal.complain(error.description)
            throw ExitCode.ioError
        }
    }

    private func publicServer(
        at listen: HostAndPort, _ server: Configuration.Server, _ relay: Relay, tools: ChannelTools, keys: LinkKeys
    ) -> PublicServer {
        let pages = DecisionPages(
            relay: relay, keys: keys, publicURL: server.publicURL ?? "", clock: tools.clock, logger: logger)
        let hooks = ChatHooks(relay: relay, keys: keys, tools: tools, clock: tools.clock)
        return PublicServer(host: listen.host, port: listen.port, site: PublicSite(pages: pages, hooks: hooks), logger: logger)
    }

    private func openStore(_ configuration: Configuration, clock: any WallClock) throws -> Ledger {
        do {
            return try Ledger.open(configuration.store, create: true, clock: clock)
        } catch {
            Terminal.complain(error.detail)
            throw ExitCode.ioError
        }
    }

    private func heedSignals(
        _ signals: AsyncStream<Int32>, _ relay: Relay, tools: ChannelTools, keys: LinkKeys, server: Configuration.Server
    ) async {
        for await signal in signals {
            guard signal == SIGHUP else { return await relay.stop() }
            await reload(relay, tools: tools, keys: keys, server: server)
        }
    }

    /// A wrong file is named and changes nothing. What the server is stays as it was at the start.
    private func reload(_ relay: Relay, tools: ChannelTools, keys: LinkKeys, server: Configuration.Server) async {
        var (configuration, problems) = Configuration.load(path: path, environment: ProcessInfo.processInfo.environment)
        configuration?.server = server
        let list = ProblemList()
        for problem in problems where !problem.isWarning { list.add(problem) }
        let generation = list.errors.isEmpty ? configuration.flatMap { Generation.make($0, tools: tools, keys: keys, problems: list) } : nil
        guard let generation else {
            for problem in list.errors { logger.error("\(problem)") }
            return logger.error("the configuration is wrong; the old one stays")
        }
        await relay.adopt(generation)
    }
}
