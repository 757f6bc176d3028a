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
            for account in blueprint.accounts {
                guard let token = ButtonToken(press.token, account: account.name, destination: destination, keys: keys) else { continue }
                return Saying(
                    account: account.name, approval: token.approval, verdict: token.verdict, reason: nil, shown: .button(token),
                    speaker: people.speaker(press, in: way, at: destination, address: address))
            }
        }
        return nil
    }

    /// Hears a pressed button and gives what its presser is told.
    func heard(
        _ press: Press, in way: People.Way, at destinations: [String], keys: LinkKeys, address: String? = nil,
        listening: Listening? = nil
    ) async -> String {
        do {
            guard let saying = saying(of: press, in: way, at: destinations, keys: keys, address: address) else {
                if let listening { try await ledger.save(listening) }
                return "This button is not one of this relay's, or of an older one."
            }
            return try await hear(saying, listening: listening).text.asSentence
        } catch {
            logger.error("an answer cannot be written down: \(error)")
            return "It cannot be written down at the moment; try again."
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
