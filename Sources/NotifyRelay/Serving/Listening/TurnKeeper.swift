import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Stands behind the HTTP decoder, sees the parts of requests and responses, and says whose turn it is. It closes a connection that takes
/// too long for a part of its turn, and one whose response says so or came before the request was whole.
final class TurnKeeper: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let bounds: ListenerBounds
    private let room: ConnectionRoom
    private let proxies: TrustedProxies
    private var guest: ConnectionRoom.Guest?
    private var peer: String?
    private var gate: ByteGate?
    private var deadline: Scheduled<Void>?
    private var isWhole = true
    private var closes = false

    init(bounds: ListenerBounds, room: ConnectionRoom, proxies: TrustedProxies) {
        self.bounds = bounds
        self.room = room
        self.proxies = proxies
    }

    func handlerAdded(context: ChannelHandlerContext) {
        gate = try? context.pipeline.syncOperations.handler(type: ByteGate.self)
        peer = context.channel.remoteAddress?.ipAddress
        begin(bounds.head, context)
        let channel = context.channel
        guest = room.enter(peer ?? "this machine", isProxy: proxies.contains(peer)) { channel.close(promise: nil) }
        // Setting up the channel is not over, so it is closed after that.
        if guest == nil { context.eventLoop.execute { channel.close(promise: nil) } }
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): received(head, context)
        case .body(let bytes):
            gate?.received(bytes.readableBytes)
            if let guest { room.received(guest, bytes.readableBytes) }
        case .end:
            isWhole = true
            begin(bounds.work, context)
            mark(.busy)
            gate?.turn(to: .responding)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head): if head.headerFields[.connection]?.lowercased() == "close" { closes = true }
        case .body: break
        case .end:
            begin(bounds.flush, context)
            let written = promise ?? context.eventLoop.makePromise(of: Void.self)
            written.futureResult.assumeIsolated().whenSuccess { self.responded(context) }
            return context.write(data, promise: written)
        }
        context.write(data, promise: promise)
    }

    private func received(_ head: HTTPRequest, _ context: ChannelHandlerContext) {
        isWhole = false
        closes = head.headerFields[.connection]?.lowercased() == "close"
        begin(bounds.body, context)
        mark(.receiving)
        gate?.turn(to: .receiving(bytes: head.headerFields[.contentLength].flatMap { Int($0) }))
        guard let guest, proxies.contains(peer), let client = proxies.client(behind: peer, head.headerFields) else { return }
        room.rename(guest, to: client)
    }

    private func responded(_ context: ChannelHandlerContext) {
        if closes || !isWhole {
            gate?.turn(to: .closing)
            begin(bounds.lingering, context)
            context.close(mode: .output, promise: nil)
        } else {
            begin(bounds.head, context)
            mark(.idle)
            gate?.turn(to: .waiting)
        }
    }

    private func mark(_ activity: ConnectionRoom.Activity) {
        if let guest { room.mark(guest, activity) }
    }

    /// Closes the connection unless something else begins in time.
    private func begin(_ patience: TimeAmount, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    }

    private func leave() {
        deadline?.cancel()
        if let guest { room.leave(guest) }
        guest = nil
        gate = nil
    }
}
