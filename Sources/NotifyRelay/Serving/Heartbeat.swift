import Logging
import RelayCore
import RelaySupport
import Transport

/// Tells a monitor elsewhere that the relay is well, by a GET once per `every` while `/readyz` would respond with 200.
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
