import Foundation

@testable import NotifyRelay
@testable import Policy
@testable import RelayCore
@testable import RelaySupport

/// Short texts with a grammar: tokens, times, schedules, patterns.
extension Fuzz {
    static let words: [String: @Sendable ([UInt8]) -> Void] = [
        "tokens": { tokens($0) }, "cron": { cron($0) }, "dates": { dates($0) }, "glob": { glob($0) }, "texts": { texts($0) },
    ]

    private static let keys = LinkKeys([Secret("a key that signed nothing in the corpus")])

    /// Nobody without the key makes a token that verifies, and a button that was signed comes back for the approval it was made for.
    private static func tokens(_ bytes: [UInt8]) {
        let text = bytes.text
        promise(DecisionToken(text, keys: keys) == nil, "a forged link")
        let message = ButtonToken.Message(account: "live", destination: "ops", room: "room")
        let made = ButtonToken(choice: .approve, approval: text, expires: Timestamp(seconds: 1_795_510_890))
        if let signed = made.signed(for: message, shownHash: "0123", with: keys) {
            let read = ButtonToken(signed)
            promise(read.map { Array($0.approval.utf8) } == Array(text.utf8), "a button for another approval")
            promise(read?.isFor(message, shownHash: "0123", keys: keys) == true, "a button that does not verify")
        }
        guard let token = ButtonToken(text) else { return }
        promise(!token.isFor(message, shownHash: "0123", keys: keys), "a forged button")
        _ = token.hasExpired(at: Timestamp(seconds: 1_795_510_890))
    }

    /// The next moments of a schedule come one after the other, and soon.
    private static func cron(_ bytes: [UInt8]) {
        guard let cron = try? CronExpression(bytes.text) else { return }
        var moment = Timestamp(seconds: 1_795_510_890)
        for _ in 0..<3 {
            guard let next = cron.next(after: moment, in: .utc) else { return }
            promise(next > moment, "it goes back")
            moment = next
        }
    }

    private static func dates(_ bytes: [UInt8]) {
        let text = bytes.text, now = Timestamp(seconds: 1_795_510_890)
        if let date = Timestamp(httpDate: text, now: now) {
            promise(abs(date.seconds) < 400_000_000_000, "an HTTP date of \(date.seconds)")
        }
        if let time = Timestamp(text: text) {
            promise(Timestamp(text: time.description)?.seconds == time.seconds, "\(time) is read as another time")
        }
        if let wait = RetryAfter.parse(text, now: now) { promise(wait >= .zero && wait <= .seconds(86_400), "a wait of \(wait)") }
        _ = Duration(interval: text)
    }

    private static func glob(_ bytes: [UInt8]) {
        let (pattern, name) = bytes.halves
        let matches = Glob(pattern: pattern.text).matches(name.text)
        if pattern.text == "*" { promise(matches, "a star matches all") }
    }

    /// A repaired text stays as it is when it is repaired again, and keeps its bound.
    private static func texts(_ bytes: [UInt8]) {
        let once = bytes.text.repaired(most: 500)
        promise(once.repaired(most: 501) == once, "it is repaired in another way")
        promise(once.unicodeScalars.count <= 501, "\(once.unicodeScalars.count) characters")
        promise(!bytes.text.oneLine(most: 100).contains { $0.isNewline }, "a line end in one line")
        _ = percentDecoded(bytes.text)
        _ = ErrorFingerprint.mask(bytes.text)
    }
}
