import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// HTTP/1.1 with the bounds of a listener: one request at a time on a connection, a deadline for each part of it, and a room for the
/// connections.
struct BoundedHTTP: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    private let http: HTTP1Channel

    private init(_ responder: @escaping HTTPChannelHandler.Responder, _ bounds: ListenerBounds, _ proxies: TrustedProxies) {
        let room = ConnectionRoom(most: bounds.connections, ofOne: bounds.connectionsOfOne, bytes: bounds.bodies)
        http = HTTP1Channel(
            responder: responder,
            configuration: .init(
                additionalChannelHandlers: [TurnKeeper(bounds: bounds, room: room, proxies: proxies)],
                httpDecoderConfiguration: ListenerBounds.decoder))
    }

    static func server(_ bounds: ListenerBounds, trusting proxies: TrustedProxies) -> HTTPServerBuilder {
        HTTPServerBuilder { BoundedHTTP($0, bounds, proxies) }
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: ListenerBounds.mostRead))
            .flatMap { channel.setOption(.maxMessagesPerRead, value: 1) }
            .flatMap { channel.setOption(.socketOption(.so_rcvbuf), value: ListenerBounds.mostInSystem) }
            .flatMap { channel.setOption(.socketOption(.so_sndbuf), value: ListenerBounds.mostInSystem) }
            .flatMapThrowing { try channel.pipeline.syncOperations.addHandler(ByteGate()) }
            .flatMap { http.setup(channel: channel, logger: logger) }
    }

    func handle(value: Value, logger: Logger) async { await http.handle(value: value, logger: logger) }
}
