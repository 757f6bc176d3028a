import Channels
import Foundation
import RelayCore
import Transport

/// The HTTP and mail clients and the clock of a command or the daemon, which must call `end` when it is done.
final class Tools: Sendable {
    /// The thread for HTTP, and for the tasks of the daemon that prefer it.
    let loop = NetworkLoop()
    let http: HTTPClient
    let mail = MailClient()
    let clock: any WallClock

    init() {
        http = HTTPClient(on: loop)
        clock = LoopClock(loop)
    }

    /// The one making of what channels share.
    var channel: ChannelTools {
        ChannelTools(
            http: http, mail: mail, clock: clock, write: { Terminal.write($0 + "\n", to: STDOUT_FILENO) == .all },
            version: NotifyRelay.versionText)
    }

    func end() {
        http.shutdown()
        mail.shutdown()
    }
}
