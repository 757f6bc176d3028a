package import RelayCore
import RelaySupport
package import Transport

/// The verdict for an SMTP reply; nil means that the server took responsibility for the mail.
///
/// The refused command decides first: a refusal of RCPT or of the text is about this mail, an earlier one is about the destination. The
/// enhanced status code (RFC 3463) refines the verdict.
package func judge(_ response: MailResponse) -> DeliveryError? {
    if response.stage == .accepted && response.code / 100 == 2 { return nil }
    let (verdict, reason) =
        switch response.code / 100 {
        case 4: passing(response)
        case 5: lasting(response)
        default: unexpected(response)
        }
    return DeliveryError(verdict, reason, told(response), status: response.code)
}

/// The wait for greylisting, which asks for minutes, not seconds (RFC 6647 §2.5 calls 1 to 15 min usual).
private let greylisting = Duration.seconds(300)
/// The wait for a provider's mail quota, which resets within hours; the lane tries again every hour.
private let quota = Duration.seconds(3_600)

private typealias Judgement = (DeliveryError.Verdict, DeliveryError.Reason)

private func passing(_ response: MailResponse) -> Judgement {
    switch response.code {
    case 421: (.retry(after: .seconds(60)), .serverError)
    case 452 where response.enhanced == "4.5.3": (.retry(after: nil), .rejected)
    case 450, 451, 452: (.retry(after: greylisting), .rejected)
    default: (.retry(after: nil), .serverError)
    }
}

private func lasting(_ response: MailResponse) -> Judgement {
    if response.enhanced == "5.4.5" { return (.throttled(after: quota), .rateLimited) }
    if response.isTooLarge { return (.refused, .tooLarge) }
    switch response.stage {
    case .greeting, .hello, .sender: return (.gone, response.code == 530 ? .unauthorized : .rejected)
    case .startTLS: return (.gone, .tls)
    case .login: return (.gone, .unauthorized)
    case .recipient, .data, .accepted: return refusedMail(response)
    }
}

/// The verdict for a 5xx reply about one mail. A 5.7.x may be about us (relaying denied) or about this recipient. It is *suspect*: tried
/// again, so that the destination closes if every mail is refused, and only this mail is given up otherwise.
private func refusedMail(_ response: MailResponse) -> Judgement {
    let enhanced = response.enhanced ?? ""
    switch response.code {
    case 530: return (.gone, .unauthorized)
    case 552: return (.retry(after: greylisting), .rejected)
    case _ where ["5.7.23", "5.7.24", "5.7.25", "5.7.26", "5.7.27"].contains(enhanced): return (.gone, .rejected)
    case 550...553 where enhanced.hasPrefix("5.7."): return (.suspect, .rejected)
    default: return (.refused, .rejected)
    }
}

/// The verdict for a 2xx or 3xx reply that ended the dialogue, or for a reply without a valid code. A missing STARTTLS appears as the 250
/// reply to EHLO.
private func unexpected(_ response: MailResponse) -> Judgement {
    switch response.stage {
    case .startTLS: (.gone, .tls)
    case .data, .accepted: (.uncertain, .badAnswer)
    case .greeting, .hello, .login, .sender, .recipient: (.retry(after: nil), .badAnswer)
    }
}

private func told(_ response: MailResponse) -> String {
    let code = [String(response.code), response.enhanced].compactMap { $0 }.joined(separator: " ")
    let step =
        switch response.stage {
        case .greeting: "the greeting"
        case .hello: "EHLO"
        case .startTLS: "STARTTLS"
        case .login: "AUTH"
        case .sender: "MAIL FROM"
        case .recipient: "RCPT TO"
        case .data, .accepted: "the mail"
        }
    let words = response.stage == .login ? "" : response.text.oneLine(most: 200)
    return "\(code) to \(step)" + (words.isEmpty ? "" : ": \(words)")
}

extension MailResponse {
    /// 552 to MAIL is about `SIZE=` (RFC 1870 §6.1), whatever its enhanced code.
    fileprivate var isTooLarge: Bool {
        ["5.3.4", "5.2.3"].contains(enhanced) || code == 552 && stage == .sender
    }
}
