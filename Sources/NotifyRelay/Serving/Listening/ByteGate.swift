import NIOCore

/// Stands before the HTTP decoder, and lets one request at a time through. The bytes of the next one stay in the system's buffer, where
/// they slow the sender down, until the response to this one has left.
///
/// The decoder turns every request in the bytes that it gets into parts, each of which needs a hundred times the memory of its text. A head
/// and a chunk end with a line, so the decoder gets line by line, and the body of a known length as that many bytes. `TurnKeeper`, which
/// sees the parts, says when a request is whole.
final class ByteGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = Any
    typealias OutboundOut = Any

    enum Turn {
        /// A head is waited for.
        case waiting
        /// A head is there. `bytes` of the body are still to come; nil if the head does not say how many.
        case receiving(bytes: Int?)
        /// The request is whole, and its response is not.
        case responding
        /// The response has left, and the connection is being closed.
        case closing
    }

    /// `TurnKeeper` sets it.
    private(set) var turn = Turn.waiting
    private var held = ByteBuffer()
    private var hasUnmetRead = false
    private var hasInputEnded = false
    private var thrownAway = 0
    private var context: ChannelHandlerContext?
    private var pause: Scheduled<Void>?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        pause?.cancel()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if case .closing = turn { return throwAway(bytes.readableBytes, context) }
        held.writeBuffer(&bytes)
        letThrough(context)
    }

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { hasUnmetRead = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event, held.readableBytes > 0 {
            // The bytes that came before the end of the input go first.
            hasInputEnded = true
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// Begins another part of the turn.
    func turn(to next: Turn) {
        turn = next
        guard let context else { return }
        switch next {
        case .waiting:
            if held.readableBytes == 0 { return goOn() }
            pause = context.eventLoop.assumeIsolated().scheduleTask(in: ListenerBounds.pause) { self.goOn() }
        case .closing:
            held = ByteBuffer()
            hasUnmetRead = false
            context.read()
        case .receiving, .responding: break
        }
    }

    /// Takes note of bytes of the body that the decoder has found.
    func received(_ bytes: Int) {
        guard case .receiving(let left?) = turn else { return }
        turn = .receiving(bytes: max(0, left - bytes))
    }

    private func goOn() {
        guard let context else { return }
        letThrough(context)
        context.fireChannelReadComplete()
        guard hasUnmetRead, mayRead else { return }
        hasUnmetRead = false
        context.read()
    }

    private var mayRead: Bool {
        switch turn {
        case .waiting, .receiving: held.readableBytes == 0
        case .responding: false
        case .closing: true
        }
    }

    private func letThrough(_ context: ChannelHandlerContext) {
        while let count = countNow, let slice = held.readSlice(length: count) {
            context.fireChannelRead(wrapInboundOut(slice))
        }
        guard held.readableBytes == 0 else { return }
        held.clear()
        guard hasInputEnded else { return }
        hasInputEnded = false
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    /// How many bytes the decoder may get now; nil if none are held or if it is not their turn.
    private var countNow: Int? {
        guard held.readableBytes > 0 else { return nil }
        switch turn {
        case .receiving(let left?): return min(max(left, 1), held.readableBytes)
        case .waiting, .receiving(nil):
            let line = held.readableBytesView.firstIndex(of: UInt8(ascii: "\n")).map { $0 - held.readerIndex + 1 }
            return line ?? held.readableBytes
        case .responding, .closing: return nil
        }
    }

    private func throwAway(_ bytes: Int, _ context: ChannelHandlerContext) {
        thrownAway += bytes
        if thrownAway > ListenerBounds.mostThrownAway { context.close(promise: nil) } else { context.read() }
    }
}
