import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import RelayCore
import RelaySupport

/// `server.public_listen`: hands what comes to the public side, within bounds of size and time.
struct PublicServer: Sendable {
    let host: String
    let port: Int
    let site: PublicSite
    let logger: Logger
    /// Until a request has begun, and between two.
    var idle = TimeAmount.seconds(30)
    /// At once; whoever comes later waits until one ends. Beyond the proxy's own, a relay has few.
    var mostConnections = 256

    /// Of a body; the longest that is read is a chat's.
    private static let mostBody = 262_144
    /// A body that takes longer is not waited for.
    private static let patience = Duration.seconds(10)

    /// Serves until the task is cancelled.
    func run() async throws {
        let site = site, idle = idle
        let responder = CallbackResponder<PublicContext> { request, context in
            await Self.answer(request, context, site)
        }
        let application = Application(
            responder: responder,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [HeadDeadline(patience: idle)], idleTimeout: idle,
                    httpDecoderConfiguration: Self.narrow)),
            configuration: .init(
                address: .hostname(host, port: port), serverName: nil,
                availableConnectionsDelegate: .maximum(mostConnections, logger: quiet)), logger: quiet)
        try await ListenError.naming("server.public_listen", "\(host):\(port)") { try await application.run() }
    }

    private static let narrow = HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: 8 * 1_024, maxHeaderListSize: 16 * 1_024, maxHeaderFieldCount: 100)

    private static func answer(_ request: Request, _ context: PublicContext, _ site: PublicSite) async -> Response {
        let body: [UInt8]
        switch await read(request) {
        case .whole(let bytes): body = bytes
        case .tooLarge: return response(.text(413, "too large"), closes: true)
        case .tooSlow: return response(.text(408, "too slow"), closes: true)
        }
        let segments = request.uri.path.split(separator: "/").map { percentDecoded($0) }
        let headers = request.headers.map { (name: $0.name.rawName.lowercased(), value: $0.value) }
        return response(
            await site.answer(
                PublicRequest(
                    method: request.method.rawValue, segments: segments, headers: headers, body: body, peer: context.peer)))
    }

    private enum Body {
        case whole([UInt8])
        case tooLarge, tooSlow
    }

    private static func read(_ request: Request) async -> Body {
        let body = request.body
        return await withTaskGroup(of: Body.self) { group in
            group.addTask {
                guard let buffer = try? await body.collect(upTo: mostBody) else { return .tooLarge }
                return .whole(Array(buffer.readableBytesView))
            }
            group.addTask {
                try? await ContinuousClock().sleep(for: patience)
                return .tooSlow
            }
            let first = await group.next() ?? .tooSlow
            group.cancelAll()
            return first
        }
    }

    private static func response(_ answer: PublicResponse, closes: Bool = false) -> Response {
        var headers = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPFields.Element.Name(name) { headers.append(HTTPFields.Element(name: name, value: value)) }
        }
        if closes { headers[.connection] = "close" }
        return Response(
            status: .init(code: answer.status), headers: headers,
            body: answer.body.isEmpty ? .init() : .init(byteBuffer: ByteBuffer(bytes: answer.body)))
    }

    /// Hummingbird says every start and stop, and of connections that are open at the end that they were cut; that is no news here.
    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = .critical
        return quiet
    }
}

/// A request with the address of whoever is connected.
struct PublicContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let peer: String?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress?.ipAddress
    }
}
