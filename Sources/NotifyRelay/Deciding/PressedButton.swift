import Channels
import Dedup
import Logging
import RelayCore
import RevKeen

extension Relay {
    /// What a pressed button says, at whichever of these destinations its token was made for; nil if it is not ours.
    func saying(
        of press: Press, in way: People.Way, at destinations: [String], keys: LinkKeys, address: String? = nil
    ) -> Saying? {
        for destination in destinations {
            for account in generation.accounts {
                guard let token = ButtonToken(press.token, account: account.name, destination: destination, keys: keys) else { continue }
                return Saying(
                    account: account.name, approval: token.approval, verdict: token.verdict, reason: nil, shown: .button(token),
                    speaker: people.speaker(press, in: way, at: destination, address: address))
            }
        }
        return nil
    }

    /// What is left to do when a press is in the ledger: RevKeen is told, and its answer is what the presser is told.
    typealias Finish = @Sendable () async -> String

    /// Writes a pressed button down. RevKeen may be slow; no chat waits for it that need not.
    func write(
        _ press: Press, in way: People.Way, at destinations: [String], keys: LinkKeys, address: String? = nil,
        cursor: PollCursor? = nil
    ) async -> Finish {
        do {
            guard let saying = saying(of: press, in: way, at: destinations, keys: keys, address: address) else {
                if let cursor { try await ledger.save(cursor) }
                return { "This button is not one of this relay's, or of an older one." }
            }
            let heard = try await desk.write(saying, cursor: cursor)
            return { await self.finished(heard, at: saying.account) }
        } catch {
            logger.error("an answer cannot be written down: \(error)")
            return { "It cannot be written down at the moment; try again." }
        }
    }

    private func finished(_ heard: DecisionDesk.Heard, at account: String) async -> String {
        do {
            return try await finish(heard, at: account).text.asSentence
        } catch {
            logger.error("what became of an answer cannot be written down: \(error)")
            return "It is written down, and carried on."
        }
    }
}

extension String {
    /// With a capital at its beginning and a stop at its end.
    var asSentence: String {
        let words = prefix(1).uppercased() + dropFirst()
        return words.hasSuffix(".") ? words : words + "."
    }
}
