import Channels
import Dedup
import Logging
import Policy
import RelayCore
import RelaySupport
import RevKeen

/// Turns pressed buttons into decision requests, for the hooks and for the listener.
struct ButtonPresses: Sendable {
    let deciding: any Deciding
    let ledger: Ledger
    let clock: any WallClock
    let keys: LinkKeys
    /// The configuration in force, with its accounts and people. A reload changes it.
    let current: @Sendable () async -> RunningGeneration
    let reports: SelfReport
    let logger: Logger

    /// How long a chat waits for our response at least. Sources: https://api.slack.com/interactivity/handling,
    /// https://discord.com/developers/docs/interactions/receiving-and-responding
    static let patience = Duration.milliseconds(2_500)
    private static let onItsWay = "It is on its way; the message will show what came of it."

    /// The outcome for a token that was made for none of these destinations.
    static let foreign = DecisionOutcome(
        kind: .unknown, text: "this button is not one of this relay's, or of an older one")

    /// The decision request of a press. It tries each destination and account until the token is ours; nil if it is ours for none, or if it
    /// was pressed in another chat than the one it was sent to.
    ///
    /// - Throws: if the store cannot be read.
    func request(
        of press: Press, in way: People.Way, at destinations: [String], address: String? = nil
    ) async throws(LedgerError) -> DecisionRequest? {
        let generation = await current().generation
        guard let token = ButtonToken(press.token), let (message, destination) = message(of: token, at: destinations, generation),
            try await isThere(press, destination, account: message.account, approval: token.approval)
        else { return nil }
        let people = People(all: generation.configuration.people)
        return DecisionRequest(
            account: message.account, approval: token.approval, choice: token.choice, reason: press.reason,
            shown: try await shown(token, message),
            speaker: people.speaker(press, in: way, at: destination.name, address: address))
    }

    /// Whether a press that rejects is to be asked why, and whether it must say so; nil if it is not asked, because it approves, is not ours, or
    /// would decide nothing.
    func asksWhy(_ press: Press, in way: People.Way, at destinations: [String]) async -> Bool? {
        await question(press, in: way, at: destinations)?.isNeeded
    }

    private struct Question {
        var isNeeded: Bool
        var row: ApprovalRow
        var destination: Destination
    }

    private func question(_ press: Press, in way: People.Way, at destinations: [String]) async -> Question? {
        let generation = await current().generation
        guard let token = ButtonToken(press.token), token.choice == .reject,
            let (message, destination) = message(of: token, at: destinations, generation), !token.hasExpired(at: clock.now)
        else { return nil }
        do {
            guard let row = try await ledger.approval(account: message.account, id: token.approval), row.isOpen,
                token.isFor(message, shownHash: row.shownHash, keys: keys),
                try await isThere(press, destination, account: message.account, approval: token.approval)
            else { return nil }
            let speaker = People(all: generation.configuration.people).speaker(press, in: way, at: destination.name)
            let authority = generation.router.authority(over: row, for: speaker)
            guard authority.refusal(of: speaker) == nil else { return nil }
            return Question(isNeeded: authority.needsReason, row: row, destination: destination)
        } catch {
            // The press itself then says that the store cannot be read.
            return nil
        }
    }

    /// What a form carries that asks why, for a chat that does not sign what comes back; nil if nothing is to be asked, or if chats cannot reach
    /// the relay.
    func ticket(
        for press: Press, in way: People.Way, at destination: String
    ) async -> (ticket: (text: String, url: String), isNeeded: Bool)? {
        let generation = await current().generation
        guard let publicURL = generation.configuration.server.publicURL, let question = await question(press, in: way, at: [destination])
        else { return nil }
        let ticket = ReasonTicket(
            account: question.row.account, approval: question.row.id, destination: destination, room: question.destination.room,
            user: press.userID,
            shown: question.row.shownHash, expires: clock.now + ReasonTicket.patience)
        return ticket.sealed(with: keys).map { (($0, DecisionWays.mattermostURL(publicURL, destination)), question.isNeeded) }
    }

    /// Records a rejection whose reason came with a ticket. A fault of the store is an outcome too.
    func write(_ ticket: ReasonTicket, reason: String, in way: People.Way, address: String?) async -> DecisionOutcome {
        let generation = await current().generation
        guard let target = generation.destinations.first(where: { $0.name == ticket.destination }), target.room == ticket.room else {
            return Self.foreign
        }
        let people = People(all: generation.configuration.people), press = Press(token: "", userID: ticket.user)
        let request = DecisionRequest(
            account: ticket.account, approval: ticket.approval, choice: .reject, reason: reason,
            shown: ticket.expires > clock.now ? .hash(ticket.shown) : .expired,
            speaker: people.speaker(press, in: way, at: target.name, address: address))
        do {
            return try await deciding.write(request, cursor: nil)
        } catch {
            logger.error("an answer cannot be recorded: \(error)")
            return .unwritten(error, again: "send it again")
        }
    }

    /// Whether this relay made the button of a press for one of the destinations.
    func isOurs(_ press: Press, at destinations: [String]) async -> Bool {
        guard let token = ButtonToken(press.token) else { return false }
        return message(of: token, at: destinations, await current().generation) != nil
    }

    private func message(
        of token: ButtonToken, at destinations: [String], _ generation: Generation
    ) -> (ButtonToken.Message, Destination)? {
        for destination in generation.destinations where destinations.contains(destination.name) {
            for account in generation.accounts {
                let message = ButtonToken.Message(account: account.name, destination: destination.name, room: destination.room)
                if token.isOurs(message, keys: keys) { return (message, destination) }
            }
        }
        return nil
    }

    /// What the message of a button showed. The signature is compared with the whole hash of what the approval shows now.
    private func shown(_ token: ButtonToken, _ message: ButtonToken.Message) async throws(LedgerError) -> DecisionRequest.Shown {
        if token.hasExpired(at: clock.now) { return .expired }
        guard let row = try await ledger.approval(account: message.account, id: token.approval),
            token.isFor(message, shownHash: row.shownHash, keys: keys)
        else { return .outdated }
        return .hash(row.shownHash)
    }

    /// Whether a press comes from the chat that the message was sent to. Where the destination does not name its chat, the press is believed.
    private func isThere(
        _ press: Press, _ destination: Destination, account: String, approval: String
    ) async throws(LedgerError) -> Bool {
        guard let chat = destination.callback?.chat else { return true }
        if press.chats.contains(where: { $0.lowercased() == chat.lowercased() }) { return true }
        // A Telegram group that became a supergroup has another id, which the receipt of its message names.
        let moved = try await ledger.receipts(ofApproval: approval, account: account, at: destination.name).compactMap { $0.remote["chat"] }
        return moved.contains(where: press.chats.contains)
    }

    /// Records a press in the ledger. A fault of the store is an outcome too, which asks the person to press again.
    func write(
        _ press: Press, in way: People.Way, at destinations: [String], address: String?
    ) async -> DecisionOutcome {
        do {
            guard let request = try await request(of: press, in: way, at: destinations, address: address) else { return Self.foreign }
            return try await deciding.write(request, cursor: nil)
        } catch {
            logger.error("an answer cannot be recorded: \(error)")
            return .unwritten(error, again: "press again")
        }
    }

    /// Waits for the outcome of a press as long as a chat waits, and then says that it is on its way. The work goes on. If the answer turns
    /// out to be lost after that, a report of the relay tells it.
    ///
    /// - Returns: the sentence for the person.
    func inTime(_ work: @escaping @Sendable () async -> DecisionOutcome) async -> String {
        let (answers, tell) = AsyncStream.makeStream(of: DecisionOutcome?.self)
        let isAnswered = Locked(false)
        // Either the outcome or the end of the patience is the answer, whichever comes first.
        let isFirst: @Sendable () -> Bool = {
            isAnswered.withLock { isAnswered in
                defer { isAnswered = true }
                return !isAnswered
            }
        }
        // This is no child task of the request: it goes on after the chat has its response.
        Task {
            let outcome = await work()
            if isFirst() { tell.yield(outcome) } else if let lost = outcome.lost { await reports.tellOfLoss(lost) }
        }
        let timer = Task {
            try await clock.sleep(for: Self.patience)
            if isFirst() { tell.yield(nil) }
        }
        defer { timer.cancel() }
        let answer = await answers.first { _ in true }
        return answer.flatMap(\.self)?.text.asSentence ?? Self.onItsWay
    }

    /// Calls RevKeen if the press became an answer.
    func finish(_ outcome: DecisionOutcome) async -> DecisionOutcome {
        let outcome = await deciding.finish(outcome)
        if let fault = outcome.storeFault, outcome.kind != .unwritten {
            logger.error("the outcome of an answer cannot be recorded: \(fault)")
        }
        return outcome
    }
}

extension String {
    /// The text with a capital letter at its beginning and a full stop at its end.
    var asSentence: String {
        let words = prefix(1).uppercased() + dropFirst()
        return words.hasSuffix(".") ? words : words + "."
    }
}
