import Logging
import RelayCore
import Transport

/// Tells a watcher elsewhere that the relay is well: a GET each `every`, but only while `/readyz` would answer 200.
struct Heartbeat: Sendable {
    let url: Secret
    let every: Duration
    let http: any HTTPTransport
    let status: any StatusReading
    let clock: any WallClock
    let logger: Logger

    func run() async {
        while !Task.isCancelled {
            await beat()
            try? await clock.sleep(for: every)
        }
    }

    func beat() async {
        guard await status.readiness().isReady else { return }
        do {
            _ = try await http.send(HTTPRequest("GET", url))
        } catch {
            logger.debug("heartbeat: \(error.detail)")
        }
    }
}
