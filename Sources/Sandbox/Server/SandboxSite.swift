import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// All HTTP routes of the sandbox: the API under `/v2`, the receivers under `/hooks`, an issuer that signs people in under `/issuer`, and the
/// inbox's pages everywhere else.
struct SandboxSite: Sendable {
    let world: StandInRevKeen
    let inbox: Inbox
    let issuer: SandboxIssuer

    /// The maximum size of a request body in bytes.
    private static let mostBody = 4 << 20

    func answer(_ request: WebRequest) async -> WebResponse {
        switch request.segments.first {
        case "v2":
            var request = request
            request.segments.removeFirst()
            return await world.answer(request)
        case "issuer":
            var request = request
            request.segments.removeFirst()
            return await issuer.answer(request, at: "http://\(request.header("host") ?? "localhost")/issuer")
        case "hooks": return await inbox.receive(request)
        // Mattermost opens dialogs at its API, beside its webhooks.
        case "api" where request.segments == ["api", "v4", "actions", "dialogs", "open"]:
            var request = request
            request.segments = ["hooks", "mattermost", "dialogs"]
            return await inbox.receive(request)
        default: return await InboxSite(inbox: inbox).answer(request)
        }
    }

    /// - Parameter onBound: called with the port when the server listens.
    func server(host: String, port: Int, logger: Logger, onBound: @escaping @Sendable (Int) -> Void) throws -> any Service {
        try HTTPServerBuilder.http1().buildServer(
            configuration: ServerConfiguration(address: .hostname(host, port: port)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger,
            responder: { request, writer, channel in
                let answer = try await respond(to: request)
                if answer.dropsConnection {
                    try await channel.close()
                    return
                }
                try await writer.write(
                    response: HTTPResponse(status: .init(code: answer.status), headerFields: Self.fields(answer)),
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
            },
            onServerRunning: { channel in onBound(channel.localAddress?.port ?? port) })
    }

    private func respond(to request: Request) async throws -> WebResponse {
        guard let body = try? await request.body.collect(upTo: Self.mostBody) else {
            return WebResponse(413, type: "text/plain", "too much\n")
        }
        return await answer(
            WebRequest(
                request.method.rawValue, request.head.path ?? "/",
                headers: request.headers.map { ($0.name.canonicalName, $0.value) } + (request.head.authority.map { [("host", $0)] } ?? []),
                body: Array(body.readableBytesView)))
    }

    private static func fields(_ answer: WebResponse) -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in answer.headers {
            guard let name = HTTPFields.Element.Name(name) else { continue }
            fields.append(HTTPFields.Element(name: name, value: value))
        }
        fields[.contentLength] = "\(answer.body.count)"
        return fields
    }
}
