import Channels
import Dedup
import RelayCore
import SignIn

/// The parts that decide and read approvals, for pages, hooks, listeners and lanes.
extension Relay {
    /// Returns the configuration in force at each call.
    nonisolated var current: @Sendable () async -> RunningGeneration { { await self.runningGeneration } }

    private var runningGeneration: RunningGeneration { RunningGeneration(generation: generation, clients: clients, pollers: pollers) }

    nonisolated var deciding: DecisionService {
        DecisionService(ledger: ledger, clock: clock, current: current, wake: { [laneRegistry] in laneRegistry.wake($0) })
    }

    nonisolated var approvals: ApprovalReader {
        ApprovalReader(ledger: ledger, clock: clock, metrics: metrics, logger: logger, current: current)
    }

    /// Where people sign in; nil if the configuration has no way to.
    nonisolated func door(_ server: Configuration.Server, keys: LinkKeys, tools: ChannelTools) -> SignInDoor? {
        guard let settings = server.signIn else { return nil }
        let current = current
        return SignInDoor(
            settings: settings, issuer: settings.oidc.map { Issuer($0, http: tools.http, clock: tools.clock) }, keys: keys,
            forms: FormGuard(keys: keys, publicURL: server.publicURL ?? ""), ledger: ledger,
            people: { await current().generation.configuration.people }, clock: tools.clock, logger: logger)
    }

    nonisolated func presses(keys: LinkKeys) -> ButtonPresses {
        ButtonPresses(
            deciding: deciding, ledger: ledger, clock: clock, keys: keys, current: current, reports: reports, logger: logger)
    }

    /// One listener for each bot whose messages may have buttons, from the configuration in force.
    func telegramListeners(keys: LinkKeys, tools: ChannelTools) -> [TelegramListener] {
        TelegramListener.all(generation, ledger: ledger, presses: presses(keys: keys), tools: tools, logger: logger)
    }
}
