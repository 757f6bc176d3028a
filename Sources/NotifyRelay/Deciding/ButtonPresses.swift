import Channels
import Dedup
import Logging
import RelayCore
import RevKeen

/// Turns pressed buttons into decision requests, for the hooks and for the listener.
struct ButtonPresses: Sendable {
    let deciding: any Deciding
    let keys: LinkKeys
    /// The configuration in force, with its accounts and people. A reload changes it.
    let current: @Sendable () async -> RunningGeneration
    let logger: Logger

    /// The outcome for a token that was made for none of these destinations.
    static let foreign = DecisionOutcome(
        kind: .unknown, text: "this button is not one of this relay's, or of an older one")

    /// The decision request of a press. It tries each destination and account until the token verifies; nil if it verifies for none, so
    /// that it is not this relay's.
    func request(
        of press: Press, in way: People.Way, at destinations: [String], address: String? = nil
    ) async -> DecisionRequest? {
        let generation = await current().generation
        let people = People(all: generation.configuration.people)
        for destination in destinations {
            for account in generation.accounts {
                guard let token = ButtonToken(press.token, account: account.name, destination: destination, keys: keys) else { continue }
                return DecisionRequest(
                    account: account.name, approval: token.approval, choice: token.choice, reason: nil, shown: .button(token),
                    speaker: people.speaker(press, in: way, at: destination, address: address))
            }
        }
        return nil
    }

    /// Records a press in the ledger. A fault of the store is an outcome too, which asks the person to press again.
    func write(
        _ press: Press, in way: People.Way, at destinations: [String], address: String?
    ) async -> DecisionOutcome {
        guard let request = await request(of: press, in: way, at: destinations, address: address) else { return Self.foreign }
        do {
            return try await deciding.write(request, cursor: nil)
        } catch {
            logger.error("an answer cannot be recorded: \(error)")
            return .unwritten(error, again: "press again")
        }
    }

    /// Calls RevKeen if the press became an answer.
    ///
    /// - Returns: the sentence for the person.
    func finish(_ outcome: DecisionOutcome) async -> String {
        let outcome = await deciding.finish(outcome)
        if let fault = outcome.storeFault, outcome.kind != .unwritten {
            logger.error("the outcome of an answer cannot be recorded: \(fault)")
        }
        return outcome.text.asSentence
    }
}

extension String {
    /// The text with a capital letter at its beginning and a full stop at its end.
    var asSentence: String {
        let words = prefix(1).uppercased() + dropFirst()
        return words.hasSuffix(".") ? words : words + "."
    }
}
