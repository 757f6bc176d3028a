import Logging
import RelayCore
import RelaySupport
import Transport

/// Shows an external watchdog that the relay is well: sends a GET at each interval, but only while `/readyz` would respond with 200.
///
/// The URL is a secret, so neither it nor the response is ever in the log.
struct Heartbeat: Sendable {
    let url: Secret
    let every: Duration
    let http: any HTTPTransport
    let status: any StatusReading
    let clock: any WallClock
    let logger: Logger
    /// Why the last heartbeat failed, as in the log; nil if it arrived, or before the first one.
    private let trouble = Locked<String?>(nil)

    init(url: Secret, every: Duration, http: any HTTPTransport, status: any StatusReading, clock: any WallClock, logger: Logger) {
        self.url = url
        self.every = every
        self.http = http
        self.status = status
        self.clock = clock
        self.logger = logger
    }

    func run() async {
        while !Task.isCancelled {
            await beat()
            try? await clock.sleep(for: every)
        }
    }

    func beat() async {
        guard await status.readiness().isReady else { return }
        do {
            let status = try await http.send(HTTPRequest("GET", url)).status
            let isTaken = (200..<300).contains(status)
            say(isTaken ? nil : "the heartbeat was answered with status \(status); is `server.heartbeat` right?")
        } catch  where error.reason == .cancelled {
            return
        } catch {
            say("the heartbeat does not arrive: \(error.detail)")
        }
    }

    /// Logs a change of state only.
    private func say(_ now: String?) {
        let before = trouble.withLock { trouble in
            defer { trouble = now }
            return trouble
        }
        guard now != before else { return }
        if let now { logger.warning("\(now)") } else { logger.notice("the heartbeat arrives again") }
    }
}
