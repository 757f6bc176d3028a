import Logging
import RelayCore
import RelaySupport

/// One request to the public site. It is independent of the HTTP server, so that a test needs no socket.
struct PublicRequest: Sendable {
    var method: String
    /// The segments of the path, percent-decoded.
    var segments: [String]
    /// The headers, with their names in lower case.
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// The host that the request asks for; nil if it says none.
    var host: String?
    /// The IP address of the connection; nil if unknown.
    var peer: String?
    /// The IP address of whoever asks, as far as trusted proxies name it; nil if it is the peer.
    var client: String?

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The origin of the request, for the audit.
    var address: String? { client ?? peer }
}

struct PublicResponse: Sendable {
    var status: Int
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []

    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

    static func text(_ status: Int, _ text: String) -> PublicResponse {
        PublicResponse(status: status, headers: [("Content-Type", "text/plain; charset=utf-8")], body: Array((text + "\n").utf8))
    }

    /// The response to HEAD where this is the one to GET: without the body, whose length stays in the head.
    var head: PublicResponse {
        PublicResponse(status: status, headers: headers + [("Content-Length", "\(body.count)")])
    }

    static let nothing = text(404, "nothing is here")
}

/// The site that people and chats can reach: `/a/<token>` and the callbacks of chats. Everything else is 404.
struct PublicSite: Sendable {
    let pages: DecisionPages
    let hooks: ChatHooks
    /// The names that pages answer to. Chats may call any, because their posts are signed.
    var hosts = HostGuard([])

    /// HEAD is answered as GET, without a body.
    func answer(_ request: PublicRequest) async -> PublicResponse {
        guard request.method == "HEAD" else { return await respond(to: request) }
        var request = request
        request.method = "GET"
        return await respond(to: request).head
    }

    private func respond(to request: PublicRequest) async -> PublicResponse {
        if request.segments.first == "a", !hosts.allows(request.host) { return .text(421, HostGuard.refusal) }
        return switch (request.method, request.segments.first, request.segments.count) {
        case ("GET", "a"?, 2): await pages.show(request.segments[1], request)
        case ("POST", "a"?, 2): await pages.decide(request.segments[1], request)
        case ("POST", "hooks"?, 2) where request.segments[1] == "slack": await hooks.slack(request)
        case ("POST", "hooks"?, 2) where request.segments[1] == "discord": await hooks.discord(request)
        case ("POST", "hooks"?, 3) where request.segments[1] == "mattermost": await hooks.mattermost(request, at: request.segments[2])
        default: .nothing
        }
    }
}
