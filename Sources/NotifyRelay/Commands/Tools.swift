import Channels
import Foundation
import RelayCore
import Transport

/// The HTTP and mail clients and the clock of a command or the daemon, which must call `end` when it is done.
final class Tools: Sendable {
    let http = HTTPClient()
    let mail = MailClient()
    let clock = SystemClock()

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
