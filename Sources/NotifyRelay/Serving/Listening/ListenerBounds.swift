import HummingbirdCore
import NIOCore

/// What strangers can hold of one listener. Each bound holds for a connection, so what exceeds it costs that connection only.
struct ListenerBounds: Sendable {
    /// The most connections that are open at once.
    var connections = 256
    /// The most connections of one address. Trusted proxies are not counted by their own address.
    var connectionsOfOne = 64
    /// How long a connection may wait for the end of a request's head, from its opening or from the last response.
    var head = TimeAmount.seconds(30)
    /// How long the rest of a request may take. `PublicServer` responds with 408 before.
    var body = TimeAmount.seconds(12)
    /// How long a request may be worked on. RevKeen may have to be asked twice, with 30 s for each response.
    var work = TimeAmount.seconds(120)
    /// How long the response may take to leave, after all of it is written.
    var flush = TimeAmount.seconds(30)
    /// How long a connection that is being closed still throws away what comes, so that the client can read the response.
    var lingering = TimeAmount.seconds(1)
    /// The most bytes of bodies that all connections together may hold.
    var bodies = 8 * 1_048_576

    /// The most bytes that are read from a socket at once. What is held of a connection is at most this.
    static let mostRead = 4_096
    /// How long a request waits that was sent before the response to the last one. No browser and no proxy does that.
    static let pause = TimeAmount.milliseconds(50)
    /// The most bytes of a connection that the system holds in each direction.
    static let mostInSystem = 65_536
    /// The most bytes that a connection that is being closed throws away.
    static let mostThrownAway = 262_144

    static let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: 8 * 1_024, maxHeaderListSize: 16 * 1_024, maxHeaderFieldCount: 100)
}
