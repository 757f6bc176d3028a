import Channels
import Dedup
import RelayCore

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

    nonisolated func presses(keys: LinkKeys) -> ButtonPresses {
        ButtonPresses(
            deciding: deciding, ledger: ledger, clock: clock, keys: keys, current: current, reports: reports, logger: logger)
    }

    /// One listener for each bot whose messages may have buttons, from the configuration in force.
    func telegramListeners(keys: LinkKeys, tools: ChannelTools) -> [TelegramListener] {
        TelegramListener.all(generation, ledger: ledger, presses: presses(keys: keys), tools: tools, logger: logger)
    }
}
