import RelayCore
import RelaySupport
import Sandbox
import Transport

/// Responds to HTTP requests from a stand-in RevKeen and from the doubles of an inbox without a socket, and misbehaves where a test says
/// so.
final class WorldTransport: HTTPTransport {
    /// One request, as the stand-in sees it.
    struct Ask: Sendable {
        var at: Timestamp
        var method: String
        /// The path below `/v2`, such as `/automations/approvals`.
        var path: String
        /// The query without `?`, such as `limit=100`; may be empty.
        var query: String
    }

    indirect enum Reply: Sendable {
        case world
        case answer(HTTPResponse)
        case error(TransportError)
        /// The stand-in's response, changed.
        case changed(@Sendable (HTTPResponse) -> HTTPResponse)
        case after(Duration, Reply)
        case held(Gate, Reply)
    }

    typealias Script = @Sendable (Ask) -> Reply

    private struct State {
        var asks: [Ask] = []
        var script: Script = { _ in .world }
    }

    private let world: StandInRevKeen
    private let inbox: Inbox
    /// Signs people in, at `https://inbox.example/issuer`.
    let issuer: SandboxIssuer
    private let clock: any WallClock
    private let state = Locked(State())

    init(_ world: StandInRevKeen, _ inbox: Inbox, clock: any WallClock) {
        self.world = world
        self.inbox = inbox
        issuer = SandboxIssuer(clock: clock)
        self.clock = clock
    }

    static let issuer = "https://inbox.example/issuer"

    var asks: [Ask] { state.withLock { $0.asks } }

    func asks(_ isWanted: (Ask) -> Bool) -> [Ask] { asks.filter(isWanted) }

    /// Sets the script for all requests from now on; nil is the well-behaved world again.
    func misbehave(_ script: Script?) { state.withLock { $0.script = script ?? { _ in .world } } }

    /// Gives this reply to all requests from now on whose path contains the part.
    func misbehave(at part: String, _ reply: Reply) { misbehave { $0.path.contains(part) ? reply : .world } }

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let place = request.url.reveal()
        if let hooks = place.firstRange(of: "/hooks/") { return try await askInbox(request, String(place[hooks.lowerBound...])) }
        if place.hasSuffix("/api/v4/actions/dialogs/open") { return try await askInbox(request, "/hooks/mattermost/dialogs") }
        if let path = place.firstRange(of: "/issuer/") {
            return try Self.read(await issuer.answer(Self.web(request, "/" + place[path.upperBound...]), at: Self.issuer))
        }
        let target = place.firstRange(of: "/v2").map { String(place[$0.upperBound...]) } ?? "/"
        let halves = target.split(separator: "?", maxSplits: 1).map(String.init)
        let ask = Ask(at: clock.now, method: request.method, path: halves[0], query: halves.count > 1 ? halves[1] : "")
        let script = state.withLock { state in
            state.asks.append(ask)
            return state.script
        }
        var answer = try await follow(script(ask), request, target)
        if answer.body.count > request.maximumAnswer, request.keepsBeginning {
            answer.body = Array(answer.body.prefix(request.maximumAnswer))
            answer.isCut = true
        }
        if answer.body.count > request.maximumAnswer { throw TransportError(.tooLarge, sent: true, "the answer is too large") }
        return answer
    }

    private func follow(_ reply: Reply, _ request: HTTPRequest, _ target: String) async throws(TransportError) -> HTTPResponse {
        switch reply {
        case .world: return try await askWorld(request, target)
        case .answer(let answer): return answer
        case .error(let error): throw error
        case .changed(let change): return change(try await askWorld(request, target))
        case .after(let wait, let then):
            try? await clock.sleep(for: wait)
            if Task.isCancelled { throw TransportError(.cancelled, sent: true, "cancelled") }
            return try await follow(then, request, target)
        case .held(let gate, let then):
            await gate.pass()
            if Task.isCancelled { throw TransportError(.cancelled, sent: true, "cancelled") }
            return try await follow(then, request, target)
        }
    }

    private func askWorld(_ request: HTTPRequest, _ target: String) async throws(TransportError) -> HTTPResponse {
        try Self.read(await world.answer(Self.web(request, target)))
    }

    private func askInbox(_ request: HTTPRequest, _ target: String) async throws(TransportError) -> HTTPResponse {
        try Self.read(await inbox.receive(Self.web(request, target)))
    }

    private static func web(_ request: HTTPRequest, _ target: String) -> WebRequest {
        let headers = request.headers.map { (name: $0.name, value: $0.value.reveal()) }
        return WebRequest(request.method, target, headers: headers, body: request.body ?? [])
    }

    private static func read(_ answer: WebResponse) throws(TransportError) -> HTTPResponse {
        if answer.dropsConnection { throw TransportError(.noAnswer, sent: true, "the connection ended without an answer") }
        return HTTPResponse(
            status: answer.status, headers: answer.headers.map { ($0.name.lowercased(), $0.value) }, body: answer.body)
    }
}

extension WorldTransport.Reply {
    /// A response with the given body.
    static func status(_ status: Int, headers: [(name: String, value: String)] = [], _ body: String = "") -> Self {
        .answer(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))
    }

    static let unreachable = Self.error(TransportError(.unreachable, sent: false, "no route"))
}
