package import RelayCore

/// Knows how to speak to one destination: one attempt, one verdict. It keeps nothing between attempts and never tries again.
package protocol Channel: Sendable {
    /// Hands the message in once. Returns when the destination has accepted it, as far as its protocol can tell.
    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt

    /// Exactly the bytes that `deliver` would send as the message, as text. A secret in them shows as `<secret>`.
    func preview(_ message: Message) -> String

    /// Tries only what is harmless, and says what it did not try. Delivers nothing.
    func connect() async -> [Finding]
}

/// One line of what `check --connect` found out.
package struct Finding: Sendable, Equatable {
    /// Nil: not tried.
    package var ok: Bool?
    package var text: String

    package init(ok: Bool?, _ text: String) {
        self.ok = ok
        self.text = text
    }
}
