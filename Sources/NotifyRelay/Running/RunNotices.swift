import Dedup
import Logging
import RelayCore
import RelaySupport

/// The log lines at the start and at the end of the daemon.
struct RunNotices: Sendable {
    let logger: Logger
    let clock: any WallClock
    private let began: Duration

    init(logger: Logger, clock: any WallClock) {
        self.logger = logger
        self.clock = clock
        began = clock.uptime
    }

    func started(_ configuration: Configuration) {
        let server = configuration.server
        logger.notice(
            "started",
            metadata: [
                "version": "\(NotifyRelay.versionText)", "schema": "\(Ledger.schemaVersion)", "store": "\(configuration.store.shown)",
                "listen": "\(Self.address(server.listen))", "public_listen": "\(Self.address(server.publicListen))",
                "accounts": "\(configuration.accounts.count)", "destinations": "\(configuration.destinations.count)",
            ])
    }

    /// What the daemon does, for a service manager.
    static func summary(_ configuration: Configuration) -> String {
        let accounts = configuration.accounts.count, destinations = configuration.destinations.count
        return "\(accounts) account\(accounts == 1 ? "" : "s") to \(destinations) destination\(destinations == 1 ? "" : "s")"
    }

    func stopped() { logger.notice("stopped", metadata: ["ran_for": "\((clock.uptime - began).spoken)"]) }

    private static func address(_ listen: HostAndPort?) -> String { listen.map { "\($0.host):\($0.port)" } ?? "none" }
}
