/// Says when a message may be handed over for good, so that a crash repeats at most as many messages as a lane is wide.
///
/// A channel that prepares a message while earlier ones are answered asks it right before the step after which the message may take effect.
package protocol HandoverGate: Sendable {
    /// The message is prepared beyond the lane's width, so it takes no connection of its own: it waits behind another message.
    var isAhead: Bool { get }
    /// Blocks until the message may be handed over. Only a thread of its own may call it.
    ///
    /// - Parameter isCancelled: ends the wait.
    /// - Returns: false if the message must not be handed over; nothing of it may take effect then.
    func enter(unless isCancelled: () -> Bool) -> Bool
}
