package import RelayCore

/// Knows how to speak to one destination: one attempt, one verdict. It keeps nothing between attempts and never tries again.
package protocol Channel: Sendable {
    /// Hands the message in once. Returns when the destination has accepted it, as far as its protocol can tell.
    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt

    /// Brings a message that was delivered before up to date: edits it in place, else puts the new one under it, else sends it as a
    /// message of its own. Throws `.vanished` where the earlier one is no more.
    ///
    /// - Parameter earlier: what `deliver` or the last `update` returned.
    /// - Returns: by what the one living message is found from now on.
    func update(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt

    /// Puts a message under one that was delivered before, which stays as it is: into its thread, as a reply, else as a message of its own.
    func follow(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt

    /// Exactly the bytes that `deliver` would send as the message, as text. A secret in them shows as `<secret>`.
    func preview(_ message: Message) -> String

    /// Tries only what is harmless, and says what it did not try. Delivers nothing.
    func connect() async -> [Finding]
}

extension Channel {
    package func update(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt { try await deliver(message) }

    package func follow(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt { try await deliver(message) }
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
