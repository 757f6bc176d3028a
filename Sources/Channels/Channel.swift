package import RelayCore

/// Speaks to one destination: one attempt gives one verdict. A channel keeps no state between attempts and never retries by itself.
package protocol Channel: Sendable {
    /// Sends the message once and returns when the destination has accepted it, as far as its protocol can tell.
    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt

    /// Brings an earlier message up to date.
    ///
    /// A channel edits the message in place if it can, else posts the new one under it, else sends the new one as a separate message.
    ///
    /// - Parameter earlier: what `deliver` or the last `update` returned.
    /// - Returns: the receipt of the message that the next update must change.
    /// - Throws: a `DeliveryError`; its verdict is `.vanished` if the earlier message no longer exists.
    func update(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt

    /// Posts a message under an earlier one, which stays unchanged: in its thread, else as a reply, else as a separate message.
    func follow(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt

    /// The exact bytes that `deliver` would send as the message, as text. Secrets in them appear as `<secret>`.
    func preview(_ message: Message) -> String

    /// Makes harmless requests only, and also reports what it did not try. It delivers nothing.
    func connect() async -> [Finding]
}

extension Channel {
    package func update(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt { try await deliver(message) }

    package func follow(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt { try await deliver(message) }
}

/// One line in the result of `check --connect`.
package struct Finding: Sendable, Equatable {
    /// Nil means that this was not tried.
    package var ok: Bool?
    package var text: String

    package init(ok: Bool?, _ text: String) {
        self.ok = ok
        self.text = text
    }
}
