import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import RelayCore
import RelaySupport

/// Listens on `server.public_listen` and hands requests to the public site, within limits of size and time.
struct PublicServer: Sendable {
    let host: String
    let port: Int
    let site: PublicSite
    let logger: Logger
    var proxies = TrustedProxies()
    var bounds = ListenerBounds()

    /// The longest body that is read, in bytes. Chats send the longest bodies.
    static let mostBody = 262_144
    /// How long a body may take.
    static let patience = Duration.seconds(10)

    /// Serves until the task is cancelled.
    ///
    /// - Parameter onServing: called once, when connections are taken.
    func run(onServing: @escaping @Sendable () -> Void = {}) async throws {
        let site = site, proxies = proxies
        let responder = CallbackResponder<PeerContext> { request, context in
            await Self.answer(request, context, site, proxies)
        }
        let application = Application(
            responder: responder, server: BoundedHTTP.server(bounds, trusting: proxies),
            configuration: .init(address: .hostname(host, port: port), serverName: nil),
            onServerRunning: { _ in onServing() }, logger: quiet)
        try await ListenError.naming("server.public_listen", "\(host):\(port)") { try await application.run() }
    }

    private static func answer(
        _ request: Request, _ context: PeerContext, _ site: PublicSite, _ proxies: TrustedProxies
    ) async -> Response {
        let segments = request.uri.path.split(separator: "/").map { percentDecoded($0) }
        if segments == ["live"], let live = await site.changes(of: asked(request, context, proxies, segments, [])) {
            return live.response(to: request)
        }
        let body: [UInt8]
        switch await read(request) {
        case .whole(let bytes): body = bytes
        case .tooLarge: return response(.text(413, "too large"), closes: true)
        case .tooSlow: return response(.text(408, "too slow"), closes: true)
        case .broken: return response(.text(400, "the body is not whole, or is no HTTP"), closes: true)
        }
        return response(await site.answer(asked(request, context, proxies, segments, body)))
    }

    private static func asked(
        _ request: Request, _ context: PeerContext, _ proxies: TrustedProxies, _ segments: [String], _ body: [UInt8]
    ) -> PublicRequest {
        let headers = request.headers.map { (name: $0.name.rawName.lowercased(), value: $0.value) }
        return PublicRequest(
            method: request.method.rawValue, segments: segments, target: request.uri.description,
            query: PublicRequest.fields(request.uri.query ?? ""), headers: headers, body: body,
            host: proxies.host(of: request.head, from: context.peer), peer: context.peer,
            client: proxies.client(of: context.peer, forwarded: headers.filter { $0.name == "x-forwarded-for" }.map(\.value)))
    }

    private enum Body {
        case whole([UInt8])
        case tooLarge, tooSlow, broken
    }

    private static func read(_ request: Request) async -> Body {
        let body = request.body
        return await withTaskGroup(of: Body.self) { group in
            group.addTask {
                do {
                    return .whole(Array(try await body.collect(upTo: mostBody).readableBytesView))
                } catch {
                    return error is NIOTooManyBytesError ? .tooLarge : .broken
                }
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

    static func response(_ answer: PublicResponse, closes: Bool = false) -> Response {
        var headers = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPFields.Element.Name(name) { headers.append(HTTPFields.Element(name: name, value: value)) }
        }
        if closes { headers[.connection] = "close" }
        return Response(
            status: .init(code: answer.status), headers: headers,
            body: answer.body.isEmpty ? .init() : .init(byteBuffer: ByteBuffer(bytes: answer.body)))
    }

    /// A logger for Hummingbird, which logs every start and stop, and every connection that is cut at the end. None of these is news here.
    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = .critical
        return quiet
    }
}

/// A request with the IP address of its connection; nil for the socket beside the store.
struct PeerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let peer: String?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress?.ipAddress
    }
}
