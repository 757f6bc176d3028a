/// What the health server and the heartbeat see of the relay.
protocol StatusReading: Sendable {
    func readiness() async -> Readiness

    /// The metrics in the text format that Prometheus reads. Series that need the store are left out while it cannot be read.
    func metricsText() async -> String
}
