import ArgumentParser
import Channels
import Dedup
import Foundation
import Logging
import RelayCore
import RelaySupport
import ServiceLifecycle
import Transport
import UnixSignals

/// Builds a relay from a configuration, and runs it as a group of services that signals end.
struct Engine: Sendable {
    /// The path of the configuration file, for reloads.
    let path: String
    let grace: Duration
    /// Whether a change of the configuration's files causes a reload.
    var watchesFiles = true
    /// Who started the daemon, and wants to know how it is.
    var manager = ServiceManager(environment: [:])
    let logger: Logger

    /// Runs until SIGTERM, SIGINT or a cancellation. Attempts in flight then have `grace` to end; those that are cut off are owed again.
    func run(_ configuration: Configuration) async throws {
        // Signals are trapped before the store is opened, so that a signal that comes meanwhile is not lost.
        let signals = await UnixSignalsSequence(trapping: [.sigterm, .sigint, .sighup])
        let notices = RunNotices(logger: logger, clock: SystemClock())
        let isFile = if case .file = configuration.store { true } else { false }
        try await with(configuration, as: isFile ? .leader : .standby) { relay, own, keys in
            let tools = own.channel
            if isFile { try await relay.prepare() } else { await relay.serve(relay.generation) }
            notices.started(configuration)
            defer { notices.stopped() }
            let reload = ConfigurationReload(
                path: path, server: configuration.server, tools: tools, keys: keys, relay: relay, metrics: relay.metrics,
                clock: tools.clock, logger: logger, manager: manager)
            var parts = listeners(configuration, relay, tools: tools, keys: keys)
            if let heartbeat = configuration.server.heartbeat {
                let beat = Heartbeat(heartbeat, http: tools.http, status: relay.status, clock: tools.clock, logger: logger)
                parts.append(ServicePart { await cancelWhenGracefulShutdown { await beat.run() } })
            }
            parts.append(ServicePart { await Self.giveBackStart(tools.clock) })
            // The loop's thread says that the daemon lives, so a loop that hangs does not.
            parts.append(
                ServicePart {
                    await cancelWhenGracefulShutdown {
                        await withTaskExecutorPreference(own.loop) { await manager.sayAlive(tools.clock) }
                        while !Task.isCancelled { try? await tools.clock.sleep(for: .seconds(3_600)) }
                    }
                })
            if watchesFiles { parts.append(ServicePart { await cancelWhenGracefulShutdown { await reload.watch() } }) }
            parts.append(ServicePart { await withTaskExecutorPreference(own.loop) { await Self.run(relay) } })
            let ending = ServicePart {
                await Self.heed(signals, reload)
                manager.say(.stopping)
            }
            try await group(of: parts, ending: ending).run()
        }
    }

    /// The group shuts down its last part first: the relay ends what is in flight while its listeners still respond.
    private func group(of parts: [ServicePart], ending signals: ServicePart) -> ServiceGroup {
        var quiet = logger
        quiet.logLevel = .critical
        var configuration = ServiceGroupConfiguration(
            services: parts.map { .init(service: $0) }
                + [.init(service: signals, successTerminationBehavior: .gracefullyShutdownGroup)], logger: quiet)
        configuration.maximumGracefulShutdownDuration = grace
        return ServiceGroup(configuration: configuration)
    }

    /// Waits until the first looks are under way, and gives back what the start needed. The part stays until the end like all others.
    private static func giveBackStart(_ clock: any WallClock) async {
        await cancelWhenGracefulShutdown {
            try? await clock.sleep(for: .milliseconds(500))
            Heap.giveBackStart()
            while !Task.isCancelled { try? await clock.sleep(for: .seconds(3_600)) }
        }
    }

    private static func run(_ relay: Relay) async {
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await relay.run() }
                // This throws when the task is cancelled, which ends the relay too.
                try? await gracefulShutdown()
                await relay.stop()
            }
        } onCancel: {
            // The grace is over, so a store that another process holds is not waited for. What it would have recorded is owed again.
            relay.ledger.hurry()
        }
    }

    /// Returns at a signal that ends the program.
    private static func heed(_ signals: UnixSignalsSequence, _ reload: ConfigurationReload) async {
        for await signal in signals.cancelOnGracefulShutdown() {
            // A signal comes from a person, so its effects are logged in full, even if the same problem was logged before.
            Log.running?.startAnew()
            guard signal == .sighup else { return }
            await reload.reload(because: "SIGHUP")
        }
    }

    private func listeners(_ configuration: Configuration, _ relay: Relay, tools: ChannelTools, keys: LinkKeys) -> [ServicePart] {
        let server = configuration.server, socket = HealthSocket(store: configuration.store, file: Configuration.absolute(path))
        let proxies = TrustedProxies(blocks: server.trusted)
        var health = HealthServer(status: relay.status, logger: logger, hosts: HostGuard(server.hosts), proxies: proxies)
        let beside = health
        health.desk = relay.desk(door: nil)
        let expected = [server.listen, server.publicListen].compactMap(\.self).count + 1
        let arrivals = Arrivals(of: expected) { [manager] in manager.say(.ready(status: RunNotices.summary(configuration))) }
        var parts = [ServicePart { try await beside.run(at: socket, onServing: arrivals.arrive) }]
        if let listen = server.listen {
            parts.append(ServicePart { [health] in try await health.run(on: listen, onServing: arrivals.arrive) })
        }
        if let listen = server.publicListen {
            let site = publicServer(at: listen, server, relay, tools: tools, keys: keys)
            parts.append(ServicePart { try await site.run(onServing: arrivals.arrive) })
        }
        return parts
    }

    /// Looks once, delivers what is due, and ends. Returns false if an account was not reached or something due stays owed.
    func once(_ configuration: Configuration) async throws -> Bool {
        try await with(configuration, as: .leader) { relay, own, _ in
            try await relay.prepare()
            return try await withTaskExecutorPreference(own.loop) { try await relay.runOnce() }
        }
    }

    private func with<Result: Sendable>(
        _ configuration: Configuration, as role: StoreRole, _ body: (Relay, Tools, LinkKeys) async throws -> Result
    ) async throws -> Result {
        let own = Tools()
        defer { own.end() }
        let tools = own.channel
        let problems = ProblemList()
        let keys = try linkKeys(configuration)
        guard let generation = Generation.make(configuration, tools: tools, keys: keys, problems: problems) else {
            for problem in problems.errors { Terminal.complain(problem.description) }
            throw ExitCode.config
        }
        let ledger = try openStore(configuration, as: role, own)
        defer { ledger.end() }
        let relay = Relay(
            generation: generation, ledger: ledger, http: tools.http, clock: tools.clock, logger: logger, version: NotifyRelay.versionText,
            chance: { Double.random(in: 0..<1) }, buttons: Relay.ButtonAccess(keys: keys, tools: tools))
        return try await body(relay, own, keys)
    }

    private func linkKeys(_ configuration: Configuration) throws -> LinkKeys {
        do {
            return try LinkKeys.load(configured: configuration.server.linkKeys, store: configuration.store) { logger.warning("\($0)") }
        } catch {
            Terminal.complain(error.description)
            throw ExitCode.ioError
        }
    }

    private func publicServer(
        at listen: HostAndPort, _ server: Configuration.Server, _ relay: Relay, tools: ChannelTools, keys: LinkKeys
    ) -> PublicServer {
        var pages = DecisionPages(
            approvals: relay.approvals, deciding: relay.deciding, keys: keys, publicURL: server.publicURL ?? "", clock: tools.clock,
            logger: logger)
        let door = relay.door(server, keys: keys, tools: tools)
        pages.signsIn = door != nil
        let hooks = ChatHooks(
            presses: relay.presses(keys: keys), destinations: { await relay.generation.destinations }, tools: tools, clock: tools.clock)
        let hosts = HostGuard(server.hosts + [server.publicURL.flatMap { WebAddress($0)?.host }].compactMap(\.self))
        let desk = door.map { relay.desk(door: $0) }
        return PublicServer(
            host: listen.host, port: listen.port, site: PublicSite(pages: pages, hooks: hooks, hosts: hosts, door: door, desk: desk),
            logger: logger,
            proxies: TrustedProxies(blocks: server.trusted))
    }

    private func openStore(_ configuration: Configuration, as role: StoreRole, _ own: Tools) throws -> Ledger {
        do {
            return try Ledger.open(configuration.store, as: role, clock: own.clock, turns: own.loop)
        } catch {
            Terminal.complain(error.detail)
            throw error.reason == .busy ? ExitCode.temporary : ExitCode.ioError
        }
    }
}

/// One part of the running program. An error that comes after the shutdown began is a consequence of it and is not reported.
private struct ServicePart: Service {
    let body: @Sendable () async throws -> Void

    func run() async throws {
        do {
            try await body()
        } catch  where Task.isShuttingDownGracefully || Task.isCancelled {
            return
        }
    }
}
