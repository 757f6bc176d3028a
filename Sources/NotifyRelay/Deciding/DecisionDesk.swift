import Dedup
import RelayCore
import RelaySupport
import RevKeen

/// What somebody says to an approval, from wherever they read it.
struct Saying: Sendable {
    var account: String
    var approval: String
    var verdict: Choice
    var reason: String?
    /// What stood before them when they decided; nil: whatever it is now.
    var shown: Shown?
    var speaker: Speaker

    enum Shown: Sendable {
        /// The whole hash.
        case hash(String)
        case button(ButtonToken)

        func isStill(_ row: ApprovalRow) -> Bool {
            switch self {
            case .hash(let hash): isSame(Array(hash.utf8), Array(row.shownHash.utf8))
            case .button(let token): token.isFor(row)
            }
        }
    }
}

/// Who speaks, by which way, from where.
struct Speaker: Sendable, Equatable {
    /// A name of `people:`; nil: not known.
    var person: String?
    /// What the audit calls somebody who is not known.
    var fallbackName: String
    /// `command line`, `link`, `slack`, …
    var way: String
    /// Where they read it; nil for the command line.
    var destination: String?
    /// An IP address, where there is one.
    var address: String?

    var name: String { person ?? fallbackName }
    var via: String { destination.map { "\(way) (\($0))" } ?? way }
}

/// The one place where what people say to approvals is heard: who may, for what was shown, once.
struct DecisionDesk: Sendable {
    let ledger: Ledger
    let clients: [String: RevKeenClient]
    let clock: any WallClock
    let words: StatusVocabulary
    let router: Router
    /// Destinations whose messages can change.
    var refreshing: Set<String> = []

    enum Reply: Sendable, Equatable {
        case heard(Decision.Outcome)
        /// Somebody who may not.
        case denied(String)
        case unknown

        var text: String {
            switch self {
            case .heard(let outcome): outcome.text
            case .denied(let why): why
            case .unknown: "nothing is known of this approval"
            }
        }
    }

    /// What was said is in the ledger, or needs not be.
    enum Heard: Sendable {
        case replied(Reply)
        case owed(Decision, Answer, ApprovalRow, wanted: Choice)
    }

    func hear(_ saying: Saying, cursor: PollCursor? = nil) async throws -> Reply {
        try await finish(try await write(saying, cursor: cursor))
    }

    /// RevKeen is told; if it cannot be now, the carrier does it later.
    func finish(_ heard: Heard) async throws -> Reply {
        switch heard {
        case .replied(let reply): reply
        case .owed(let decision, let answer, let row, let wanted): .heard(try await decision.carryOn(answer, row, wanted: wanted))
        }
    }

    /// Writes down what was said. What survives this is carried to RevKeen, whoever is ended meanwhile.
    func write(_ saying: Saying, cursor: PollCursor? = nil) async throws(LedgerError) -> Heard {
        guard let row = try await ledger.approval(account: saying.account, id: saying.approval), let client = clients[saying.account] else {
            if let cursor { try await ledger.save(cursor) }
            return .replied(.unknown)
        }
        let authority = router.authority(over: row, at: saying.speaker.destination)
        let ballot = ballot(saying, row, peopleNeeded: authority.peopleNeeded)
        if let why = refusal(of: saying.speaker, authority) {
            try await ledger.deny(ballot, cursor: cursor)
            return .replied(.denied(why))
        }
        let decision = Decision(ledger: ledger, client: client, clock: clock, words: words)
        if row.isOpen, let shown = saying.shown, !shown.isStill(row) {
            if let cursor { try await ledger.save(cursor) }
            return .replied(.heard(.changed))
        }
        if !row.isOpen, let cursor { try await ledger.save(cursor) }
        return switch try await decision.write(row, ballot, cursor: cursor, refreshing: refreshing) {
        case .known(let outcome): .replied(.heard(outcome))
        case .owed(let answer, let row, let wanted): .owed(decision, answer, row, wanted: wanted)
        }
    }

    /// Nil: they may.
    func refusal(of speaker: Speaker, _ authority: Authority) -> String? {
        if !authority.allows(speaker.person) {
            let names = (authority.approvers ?? []).joined(separator: ", ")
            if names.isEmpty { return "no route says any more who decides this; notify-relay approvals does" }
            let who = speaker.person == nil ? "who you are is not known here" : "you are known as \(speaker.name)"
            return "this is for \(names) to decide, and \(who)"
        }
        if authority.peopleNeeded > 1, speaker.person == nil {
            return "two different people must approve this, and who you are is not known here"
        }
        return nil
    }

    /// RevKeen cannot be told who approved; who rejected by a link or in a chat stands in the reason.
    private func ballot(_ saying: Saying, _ row: ApprovalRow, peopleNeeded: Int) -> Ballot {
        let speaker = saying.speaker
        var reason: String?
        if saying.verdict == .reject {
            let said = saying.reason?.repaired(most: 2_000).trimmed ?? ""
            let isByHand = speaker.destination == nil
            reason = said.isEmpty ? (isByHand ? nil : "rejected by \(speaker.name)") : isByHand ? said : "\(said) (\(speaker.name))"
        }
        return Ballot(
            account: saying.account, approval: saying.approval, verdict: saying.verdict, actor: speaker.name, via: speaker.via,
            address: speaker.address, reason: reason, shown: row.shownHash, peopleNeeded: peopleNeeded)
    }
}
