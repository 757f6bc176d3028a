import Logging
import RelayCore
import RelaySupport

/// One request to the public side, apart from any server, so that a test can ask without a socket.
struct PublicRequest: Sendable {
    var method: String
    /// Percent-decoded segments of the path.
    var segments: [String]
    /// Names in lower case.
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// Who is connected: an IP address; nil if unknown.
    var peer: String?

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// Where it came from, for the audit. What a proxy says is said, and not believed.
    var address: String? {
        guard let said = header("x-forwarded-for")?.oneLine(most: 100), !said.isEmpty else { return peer }
        return "\(peer ?? "?") (for \(said))"
    }
}

struct PublicResponse: Sendable {
    var status: Int
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []

    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

    static func text(_ status: Int, _ text: String) -> PublicResponse {
        PublicResponse(status: status, headers: [("Content-Type", "text/plain; charset=utf-8")], body: Array((text + "\n").utf8))
    }

    static let nothing = text(404, "nothing is here")
}

/// What people and chats reach: `/a/<token>` and the callbacks of chats, and nothing else (design §12).
struct PublicSite: Sendable {
    let pages: DecisionPages
    let hooks: ChatHooks

    func answer(_ request: PublicRequest) async -> PublicResponse {
        switch (request.method, request.segments.first, request.segments.count) {
        case ("GET", "a"?, 2), ("HEAD", "a"?, 2): await pages.show(request.segments[1], request)
        case ("POST", "a"?, 2): await pages.decide(request.segments[1], request)
        case ("POST", "hooks"?, 2) where request.segments[1] == "slack": await hooks.slack(request)
        case ("POST", "hooks"?, 2) where request.segments[1] == "discord": await hooks.discord(request)
        case ("POST", "hooks"?, 3) where request.segments[1] == "mattermost": await hooks.mattermost(request, at: request.segments[2])
        default: .nothing
        }
    }
}
