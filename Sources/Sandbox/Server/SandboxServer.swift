package import Logging
import RelayCore

/// Serves the stand-in RevKeen and the inbox on real sockets, for `demo` and for tests.
/// It listens from `start()` to `stop()`.
package struct SandboxServer: Sendable {
    package struct Options: Sendable {
        package var host = "127.0.0.1"
        /// The HTTP port; 0 means any free port.
        package var httpPort = 0
        package var smtpPort = 0

        package init() {}
    }

    package let world: StandInRevKeen
    package let inbox: Inbox
    package let issuer: SandboxIssuer
    private let listening: BoundSockets

    package init(
        world: StandInRevKeen, inbox: Inbox, issuer: SandboxIssuer = SandboxIssuer(clock: SystemClock()), options: Options = Options(),
        logger: Logger = Logger(label: "sandbox") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.world = world
        self.inbox = inbox
        self.issuer = issuer
        listening = BoundSockets(site: SandboxSite(world: world, inbox: inbox, issuer: issuer), options: options, logger: logger)
    }

    /// Starts to listen and returns the addresses.
    /// A second call returns the same addresses.
    ///
    /// - Throws: the socket's error if it cannot listen.
    @discardableResult
    package func start() async throws -> SandboxAddresses { try await listening.start() }

    /// Closes all connections and returns when that is done.
    package func stop() async { await listening.stop() }
}
