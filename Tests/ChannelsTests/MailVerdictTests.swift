import Foundation
import RelayCore
import Testing
import Transport

@testable import Channels

/// The table of refusals by mail servers, row by row, with replies that real servers send.
struct MailVerdictTests {
    typealias Row = (stage: MailResponse.Stage, reply: String, verdict: DeliveryError.Verdict)

    private static let hour = DeliveryError.Verdict.unavailable(after: .seconds(3_600))
    private static let us = DeliveryError.Verdict.unavailable(after: nil)
    private static let minutes = DeliveryError.Verdict.retry(after: .seconds(300))

    static let rows: [Row] = [
        (.recipient, "504 5.5.2 <vm>: Helo command rejected: need fully-qualified hostname", us),
        (.recipient, "550 5.7.1 Client host rejected: cannot find your hostname", us), (.hello, "550 5.7.1 bad HELO", us),
        (.data, "554 5.2.252 SendAsDenied; relay@example.com not allowed to send as ops@example.com", us), (.data, "554 5.2.252 no", us),
        (.sender, "553 5.7.1 <x@example.com>: Sender address rejected: not owned by user relay", us),
        (.recipient, "553 5.7.1 <x@example.com>: Sender address rejected: not owned by user relay", us),
        (.data, "554 Message rejected: Email address is not verified.", us), (.recipient, "554 5.7.1 <a@b>: Relay access denied", us),
        (.recipient, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", us),
        (.data, "550 5.1.90 Your message can't be sent because you've reached your daily limit", hour),
        (.data, "550 Maximum credits exceeded", hour), (.sender, "550 5.4.5 Daily user sending limit exceeded", hour),
        (.data, "550 5.7.1 sending rate exceeded", hour), (.recipient, "550 5.4.5 x", hour), (.data, "550 5.1.90 x", hour),
        (.recipient, "552 5.2.2 mailbox full", minutes), (.sender, "552 5.2.2 x", hour),
        (.sender, "552 mailbox full", hour), (.sender, "552 x", .doubtful),
        (.data, "552 5.2.2 over quota", .doubtful),
        (.data, "554 5.2.0 STOREDRV.Submission.Exception", .doubtful), (.data, "554 5.7.1 no", .doubtful),
        (.data, "554 5.0.0 no", .doubtful), (.recipient, "554 5.7.1 <a@b>: Recipient address rejected: Access denied", .doubtful),
        (.recipient, "554 5.7.1 <a@b>: Recipient address rejected: quota of the day is used up", hour),
        (.recipient, "550 5.1.1 <a@b>: Recipient address rejected: no such user", .refused),
        (.recipient, "550 5.7.1 policy", .doubtful), (.recipient, "550 5.0.0 x", .doubtful), (.recipient, "550 no", .doubtful),
        (.sender, "550 5.7.26 x", us), (.data, "550 5.7.26 unauthenticated mail", us), (.data, "550 5.7.23 SPF", us),
        (.sender, "550 x", us), (.sender, "501 x", us), (.greeting, "554 no", us), (.hello, "502 no", us), (.recipient, "550 5.1.8 x", us),
        (.recipient, "550 5.1.1 <a@b>: no such user", .refused), (.recipient, "550 5.1.10 null MX", .refused),
        (.recipient, "550 User unknown in virtual mailbox table", .refused), (.recipient, "553 5.1.3 bad", .refused),
        (.recipient, "551 not local", .refused), (.data, "554 5.6.0 bad content", .refused), (.data, "554 5.7.1 looks like spam", .refused),
        (.data, "550 5.1.1 mailbox unavailable", .refused), (.recipient, "550 5.6.7 x", .refused),
        (.data, "552 5.3.4 too big", .trimmings), (.sender, "552 too big", .trimmings), (.data, "552 5.2.3 x", .trimmings),
        (.data, "554 5.3.2 system not accepting", us), (.login, "535 5.7.8 wrong", .gone), (.login, "504 no", .gone),
        (.sender, "530 5.7.0 Must issue a STARTTLS command first", .gone), (.sender, "530 5.7.57 Client not authenticated", .gone),
        (.recipient, "530 5.7.0 x", .gone), (.startTLS, "502 no", .gone), (.recipient, "552 x", minutes),
        (.greeting, "421 4.3.2 busy", .retry(after: .seconds(60))), (.recipient, "450 4.7.1 Greylisted", minutes),
        (.recipient, "452 4.5.3 too many", .retry(after: nil)), (.data, "451 4.4.2 timeout", .retry(after: nil)),
        (.data, "450 4.7.1 Error: too much mail from 192.0.2.1", .throttled(after: .seconds(60))),
        (.data, "452 4.2.2 over quota", minutes), (.data, "454 4.7.0 later", .retry(after: nil)),
    ]

    @Test(arguments: rows.indices)
    func `each reply has its verdict`(index: Int) throws {
        let row = Self.rows[index]
        #expect(judge(Self.response(row))?.verdict == row.verdict, "\(row)")
    }

    @Test func `each row of the table decides at least one reply, and has a source`() {
        let replies = Self.rows.map(Self.response)
        for (table, digit) in [(MailVerdict.lasting, 5), (MailVerdict.passing, 4)] {
            for (index, row) in table.enumerated() {
                let decides = replies.contains { reply in reply.code / 100 == digit && table.firstIndex { $0.fits(reply) } == index }
                #expect(decides, "no reply for row \(index): \(row)")
                #expect(!row.source.isEmpty)
            }
        }
    }

    private static func response(_ row: Row) -> MailResponse {
        let words = row.reply.split(separator: " ", maxSplits: 1).map(String.init)
        let first = words.count > 1 ? words[1].split(separator: " ").first.map(String.init) ?? "" : ""
        let enhanced = first.split(separator: ".").count == 3 && first.allSatisfy { $0.isNumber || $0 == "." } ? first : nil
        return MailResponse(stage: row.stage, code: Int(words[0]) ?? 0, enhanced: enhanced, text: words.count > 1 ? words[1] : "")
    }
}
