package import Logging
import ServiceLifecycle

/// The stand-in RevKeen and the inbox behind real sockets, for `demo` and for tests.
///
/// As a service: `run()`, which ends with a graceful shutdown. Elsewhere: `start()`, use, `stop()`.
package struct SandboxServer: Service {
    package struct Options: Sendable {
        package var host = "127.0.0.1"
        /// 0: any free one.
        package var httpPort = 0
        package var smtpPort = 0

        package init() {}
    }

    package let world: StandInRevKeen
    package let inbox: Inbox
    private let listening: BoundSockets

    package init(
        world: StandInRevKeen, inbox: Inbox, options: Options = Options(),
        logger: Logger = Logger(label: "sandbox") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.world = world
        self.inbox = inbox
        listening = BoundSockets(site: SandboxSite(world: world, inbox: inbox), options: options, logger: logger)
    }

    /// Listens, and returns where. A second call returns the same.
    @discardableResult
    package func start() async throws -> SandboxAddresses { try await listening.start() }

    /// Ends all connections and returns when that is done.
    package func stop() async { await listening.stop() }

    /// Starts, unless `start()` has been called, and returns when a graceful shutdown or `stop()` has ended it.
    /// - Throws: what the socket said, if it cannot listen or breaks down.
    package func run() async throws {
        try await start()
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await listening.finished()
        } onCancelOrGracefulShutdown: {
            listening.abort()
        }
    }
}
