import Channels
import Foundation
import RelayCore
import Transport

/// The clients and the clock of a command, which ends them with `end`.
final class Tools: Sendable {
    let http = HTTPClient()
    let mail = MailClient()
    let clock = SystemClock()

    var channel: ChannelTools {
        ChannelTools(
            http: http, mail: mail, clock: clock, write: { Terminal.write($0 + "\n", to: STDOUT_FILENO) }, version: NotifyRelay.versionText)
    }

    func end() {
        http.shutdown()
        mail.shutdown()
    }
}
