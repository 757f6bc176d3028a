import Dedup
import Policy
import RelayCore
import RelaySupport
import RevKeen

/// The one place where approvals are decided. It checks who may decide, that the approval still shows what the person saw, and that it is
/// decided once. It is a value made from one configuration.
struct DecisionDesk: Deciding {
    let ledger: Ledger
    let clients: [String: RevKeenClient]
    let clock: any WallClock
    let words: StatusVocabulary
    let router: Router
    /// The destinations whose messages can be edited.
    var refreshing: Set<String> = []

    func write(_ request: DecisionRequest, cursor: PollCursor? = nil) async throws(LedgerError) -> DecisionOutcome {
        guard let row = try await ledger.approval(account: request.account, id: request.approval), clients[request.account] != nil else {
            return try await known(.unknown, cursor)
        }
        let authority = router.authority(over: row, for: request.speaker)
        let ballot = ballot(request, row, authority)
        if let why = authority.refusal(of: request.speaker) {
            try await ledger.deny(ballot, cursor: cursor)
            return .denied(why)
        }
        guard row.isOpen else {
            return try await known(
                .found(row.detail?.state ?? .closed, by: row.detail?.actor, wanted: request.choice), cursor)
        }
        if request.choice == .reject, authority.needsReason, Self.typed(request.reason).isEmpty {
            return try await known(.reasonMissing, cursor)
        }
        if let shown = request.shown, !shown.isStill(row) { return try await known(shown == .expired ? .expired : .changed, cursor) }
        return try await cast(ballot, cursor)
    }

    func finish(_ outcome: DecisionOutcome) async -> DecisionOutcome {
        guard case .recorded(let answer, let wanted) = outcome.kind, let client = clients[answer.account] else { return outcome }
        let call = AnswerCall(ledger: ledger, client: client, clock: clock, words: words)
        return await call.carryOn(answer, wanted: wanted)
    }

    func withdraw(_ approval: String, of account: String, by speaker: Speaker) async throws(LedgerError) -> DecisionOutcome {
        guard let row = try await ledger.approval(account: account, id: approval) else { return .unknown }
        if let why = router.authority(over: row, for: speaker).refusal(of: speaker) { return .denied(why) }
        return .of(
            try await ledger.withdraw(
                account: account, approval: approval, actor: speaker.name, via: speaker.via, address: speaker.address))
    }

    private func cast(_ ballot: Ballot, _ cursor: PollCursor?) async throws(LedgerError) -> DecisionOutcome {
        let result = try await ledger.ask(ballot, cursor: cursor, refreshing: refreshing)
        StopPoint.pass(.deciding)
        return switch result {
        case .asked(let answer), .earlier(let answer): .recorded(answer, wanted: ballot.choice)
        case .voted(let votes): .waiting(votes, of: ballot.peopleNeeded)
        case .changed: .changed
        }
    }

    /// The reason that somebody typed; empty if nobody could see anything of it.
    private static func typed(_ reason: String?) -> String {
        let text = (reason ?? "").repaired(most: 2_000).trimmed
        return text.unicodeScalars.contains(where: \.isSeen) ? text : ""
    }

    /// Returns an outcome that needs no write except the cursor's.
    private func known(_ outcome: DecisionOutcome, _ cursor: PollCursor?) async throws(LedgerError) -> DecisionOutcome {
        if let cursor { try await ledger.save(cursor) }
        return outcome
    }

    /// The ballot of a request. RevKeen's API has no field for the person who decided, so the reason of a rejection by link or chat names
    /// them.
    private func ballot(_ request: DecisionRequest, _ row: ApprovalRow, _ authority: Authority) -> Ballot {
        let speaker = request.speaker
        var reason: String?
        if request.choice == .reject {
            let typed = Self.typed(request.reason)
            let isByHand = speaker.destination == nil && !speaker.isSignedIn
            reason =
                typed.isEmpty
                ? (isByHand ? nil : Ballot.reasonOfRejection(by: speaker.name))
                : isByHand ? typed : typed + Ballot.nameInReason(speaker.name)
        }
        var ballot = Ballot(
            account: request.account, approval: request.approval, choice: request.choice, actor: speaker.name, via: speaker.via,
            address: speaker.address, reason: reason, shown: row.shownHash, peopleNeeded: authority.peopleNeeded)
        ballot.voters = authority.voters
        return ballot
    }
}

extension Unicode.Scalar {
    /// It leaves a mark on a page. The empty braille pattern is a symbol that does not.
    fileprivate var isSeen: Bool {
        let known = properties
        switch known.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .spaceSeparator, .lineSeparator, .paragraphSeparator: return false
        default: return !known.isDefaultIgnorableCodePoint && !known.isWhitespace && value != 0x2800
        }
    }
}

extension Ballot {
    /// What RevKeen gets as the reason of a rejection when nobody typed one.
    static func reasonOfRejection(by name: String) -> String { "rejected by \(name)" }

    /// What follows a typed reason.
    static func nameInReason(_ name: String) -> String { " (\(name))" }
}
