import Dedup
import Glibc
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Pages
import RelaySupport
import ServiceLifecycle

/// The relay cannot listen on one of its addresses.
struct ListenError: Error, CustomStringConvertible {
    /// The configuration's key that names the address.
    var key: String
    var address: String
    var why: String

    var description: String { "\(key): \(address) cannot be listened on: \(why); name another address, or end what holds it" }

    /// Runs a server. A socket error becomes a `ListenError` with the key that names the address.
    static func naming(_ key: String, _ address: String, _ serve: () async throws -> Void) async throws {
        do {
            try await serve()
        } catch let error as IOError {
            throw ListenError(key: key, address: address, why: String(cString: strerror(error.errnoCode)))
        }
    }
}

/// Serves `/healthz`, `/readyz`, `/metrics` and the desk on `server.listen`, and at the socket beside the store.
struct HealthServer: Sendable {
    let status: any StatusReading
    let logger: Logger
    /// The names that the desk answers to.
    var hosts = HostGuard([])
    var proxies = TrustedProxies()
    var bounds = ListenerBounds()
    /// Where people look; nil at the socket beside the store.
    var desk: DeskSite?

    /// Serves until the task is cancelled.
    ///
    /// - Parameter onServing: called once, when connections are taken.
    func run(on listen: HostAndPort, onServing: @escaping @Sendable () -> Void = {}) async throws {
        let application = Application(
            router: router(), server: BoundedHTTP.server(bounds, trusting: proxies),
            configuration: .init(address: .hostname(listen.host, port: listen.port), serverName: "notify-relay"),
            onServerRunning: { _ in onServing() }, logger: quiet)
        try await ListenError.naming("server.listen", "\(listen.host):\(listen.port)") { try await application.run() }
    }

    /// Serves until the task is cancelled, and then removes the socket. A socket that a crash left is replaced, so the caller must hold the
    /// store. If there can be no socket, this is a warning, and the relay runs without one.
    ///
    /// - Parameter onServing: called once, when connections are taken, or when it is known that there is no socket.
    func run(at socket: HealthSocket, onServing: @escaping @Sendable () -> Void = {}) async throws {
        let application = Application(
            router: router(), server: BoundedHTTP.server(bounds, trusting: TrustedProxies()),
            configuration: .init(address: .unixDomainSocket(path: socket.address), serverName: "notify-relay"),
            onServerRunning: { _ in
                socket.protect()
                onServing()
            }, logger: quiet)
        do {
            try await application.run()
            socket.remove()
        } catch  where Task.isShuttingDownGracefully || Task.isCancelled {
            socket.remove()
        } catch {
            logger.warning("`health` cannot ask this relay, because \(socket.path) cannot be listened on: \(error)")
            onServing()
            try? await gracefulShutdown()
        }
    }

    private func router() -> Hummingbird.Router<PeerContext> {
        let router = Hummingbird.Router(context: PeerContext.self, options: .autoGenerateHeadEndpoints)
        let status = status, hosts = hosts, proxies = proxies
        router.get("/healthz") { request, _ in
            guard request.uri.queryParameters["deep"] != nil else { return Self.plain(.ok, "alive\n") }
            let readiness = await status.readiness()
            return Self.plain(readiness.isWell ? .ok : .serviceUnavailable, readiness.wellText)
        }
        router.get("/readyz") { _, _ in
            let readiness = await status.readiness()
            return Self.plain(readiness.isReady ? .ok : .serviceUnavailable, readiness.readyText)
        }
        router.get("/metrics") { _, _ in
            Self.text(.ok, "text/plain; version=0.0.4; charset=utf-8", await status.metricsText())
        }
        if let desk {
            router.get("/") { await Self.page($0, $1, desk, hosts, proxies) }
            router.get("/**") { await Self.page($0, $1, desk, hosts, proxies) }
        }
        return router
    }

    private static func page(
        _ request: Request, _ context: PeerContext, _ desk: DeskSite, _ hosts: HostGuard, _ proxies: TrustedProxies
    ) async -> Response {
        guard hosts.allows(proxies.host(of: request.head, from: context.peer)) else {
            return plain(.misdirectedRequest, HostGuard.refusal + "\n")
        }
        let asked = PublicRequest(
            method: request.method == .head ? "GET" : request.method.rawValue,
            segments: request.uri.path.split(separator: "/").map { percentDecoded($0) }, target: request.uri.description,
            query: PublicRequest.fields(request.uri.query ?? ""), peer: context.peer)
        if let live = await desk.changes(of: asked) { return live.response(to: request) }
        return PublicServer.response(await desk.answer(asked) ?? .nothing)
    }

    private static func plain(_ status: HTTPResponse.Status, _ body: String) -> Response {
        text(status, "text/plain; charset=utf-8", body)
    }

    /// Text that a browser must not take for a page.
    private static func text(_ status: HTTPResponse.Status, _ type: String, _ body: String) -> Response {
        Response(
            status: status,
            headers: [
                .contentType: type, .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                .contentSecurityPolicy: ContentPolicy().text,
            ],
            body: .init(byteBuffer: ByteBuffer(string: body)))
    }

    /// Hummingbird logs every start and stop, and at a stop each connection that is still open as an error. Neither matters here.
    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = .critical
        return quiet
    }
}
