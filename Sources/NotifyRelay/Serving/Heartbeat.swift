import Logging
import RelayCore
import RelaySupport
import Transport

/// Shows an external watchdog how the relay is: sends a GET at each interval, but only while the relay is well, or ready.
///
/// The URL is a secret, so neither it nor the response is ever in the log.
struct Heartbeat: Sendable {
    struct Setting: Sendable, Equatable {
        /// What the relay must be for a heartbeat to be sent, as `Readiness` defines it.
        enum When: String, Sendable, CaseIterable { case well, ready }

        var url: Secret
        var every: Duration
        var when = When.well
    }

    let setting: Setting
    let http: any HTTPTransport
    let status: any StatusReading
    let clock: any WallClock
    let logger: Logger
    /// Why the last heartbeat failed, as in the log; nil if it arrived, or before the first one.
    private let trouble = Locked<String?>(nil)

    init(_ setting: Setting, http: any HTTPTransport, status: any StatusReading, clock: any WallClock, logger: Logger) {
        self.setting = setting
        self.http = http
        self.status = status
        self.clock = clock
        self.logger = logger
    }

    func run() async {
        while !Task.isCancelled {
            await beat()
            try? await clock.sleep(for: setting.every)
        }
    }

    func beat() async {
        let readiness = await status.readiness()
        // The relay that leads shows that both are well.
        guard !readiness.isStandby else { return }
        guard setting.when == .ready ? readiness.isReady : readiness.isWell else { return }
        do {
            let status = try await http.send(HTTPRequest("GET", setting.url)).status
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
