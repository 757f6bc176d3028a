package import RelayCore
import RelaySupport
package import Transport

/// The verdict for an SMTP reply; nil means that the server took responsibility for the mail.
///
/// `MailVerdict` has the table of refusals.
package func judge(_ response: MailResponse) -> DeliveryError? {
    if response.stage == .accepted && response.code / 100 == 2 { return nil }
    let rows =
        switch response.code / 100 {
        case 4: MailVerdict.passing
        case 5: MailVerdict.lasting
        default: [unexpected(response)]
        }
    let row = rows.first { $0.fits(response) } ?? unexpected(response)
    return DeliveryError(row.verdict, row.reason, told(response), status: response.code)
}

/// The row for a 2xx or 3xx reply that ended the dialogue, or for a reply without a valid code. A missing STARTTLS appears as the 250
/// reply to EHLO.
private func unexpected(_ response: MailResponse) -> MailVerdict {
    switch response.stage {
    case .startTLS: MailVerdict(.us, .gone, .tls, source: "")
    case .data, .accepted: MailVerdict(.unknown, .uncertain, .badAnswer, source: "")
    case .greeting, .hello, .login, .sender, .recipient: MailVerdict(.unknown, .retry(after: nil), .badAnswer, source: "")
    }
}

private func told(_ response: MailResponse) -> String {
    let code = [String(response.code), response.enhanced].compactMap { $0 }.joined(separator: " ")
    let words = response.stage == .login ? "" : response.text.oneLine(most: 200)
    return "\(code) to \(response.stage.command)" + (words.isEmpty ? "" : ": \(words)")
}

extension MailResponse.Stage {
    /// The command in the words of SMTP.
    var command: String {
        switch self {
        case .greeting: "the greeting"
        case .hello: "EHLO"
        case .startTLS: "STARTTLS"
        case .login: "AUTH"
        case .sender: "MAIL FROM"
        case .recipient: "RCPT TO"
        case .data, .accepted: "the mail"
        }
    }
}
