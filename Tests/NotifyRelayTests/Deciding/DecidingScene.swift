import Channels
import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// A house with one open approval, the pages to decide it on, and the hooks of chats.
struct DecidingScene {
    static let publicURL = "https://relay.example"
    static let people =
        "people: {ann: {slack: UANN, telegram: \"11\", mattermost: mmann, discord: \"21\", email: ann@example.com}, "
        + "bob: {slack: UBOB, telegram: \"12\", email: bob@example.com}, eve: {slack: UEVE, telegram: \"13\", email: eve@example.com}}"
    static let server = "server: {public_listen: \"127.0.0.1:0\", public_url: \"\(publicURL)\"}"

    let house: House
    let pages: DecisionPages
    let approval: String

    /// - Parameters:
    ///   - route: further keys of the only route, which sends to `ops`.
    ///   - destination: the keys of `ops`; nil means a webhook, whose messages hold the link.
    init(
        route: String = "", destination: String? = nil, action: String = "Refund 12 EUR?", actions: JSONValue = .null,
        server: String = Self.server, people: String = Self.people
    ) async throws {
        let ops = destination ?? "type: webhook, url: \"https://inbox.example/hooks/web/ops\""
        let house = try await House(
            House.file(
                destinations: "ops: {\(ops)}", routes: "{name: all, to: [ops]\(route.isEmpty ? "" : ", " + route)}",
                rest: people + "\n" + server), channels: .real)
        self.house = house
        pages = house.pages(at: Self.publicURL)
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        approval = await house.world.requestApproval(run: run, action: action, actions: actions)
        try await house.look()
        await house.deliver()
    }

    var row: ApprovalRow { get async throws { try #require(try await house.ledger.approval(account: "live", id: approval)) } }

    /// The token of a link to decide, by default for the destination `ops` and the room it has now.
    func token(
        account: String = "live", approval: String? = nil, destination: String = "ops", to recipient: String? = nil,
        expires: Duration = .days(7), keys: LinkKeys = House.keys
    ) throws -> String {
        let mark =
            recipient.map { DecisionToken.mark(ofRecipient: $0) } ?? DecisionToken.mark(ofRoom: house.room(of: destination))
        return try #require(
            DecisionToken(
                account: account, approval: approval ?? self.approval, destination: destination, recipient: mark,
                expires: house.clock.now + expires
            ).signed(with: keys))
    }

    func get(_ token: String, method: String = "GET", headers: [(name: String, value: String)] = []) async -> PublicResponse {
        await site.answer(PublicRequest(method: method, segments: ["a", token], headers: headers, peer: "192.0.2.7"))
    }

    /// Posts the form of a page as a browser does, except for the values that are given.
    func post(
        _ token: String, _ verdict: String, reason: String = "", from page: PublicResponse? = nil, cookie: String? = nil,
        csrf: String? = nil,
        seen: String? = nil, through pages: DecisionPages? = nil,
        headers: [(name: String, value: String)] = [("origin", publicURL), ("sec-fetch-site", "same-origin")]
    ) async -> PublicResponse {
        let page = if let page { page } else { await get(token) }
        let html = page.html
        let fields = [
            ("verdict", verdict), ("reason", reason), ("seen", seen ?? html.hidden("seen") ?? ""),
            ("csrf", csrf ?? html.hidden("csrf") ?? ""),
        ]
        let body = fields.map { "\($0.0)=\($0.1.percentEncoded)" }.joined(separator: "&")
        let cookie = cookie ?? page.cookie ?? ""
        return await (pages ?? self.pages).decide(
            token,
            PublicRequest(
                method: "POST", segments: ["a", token], headers: headers + [("cookie", cookie)], body: Array(body.utf8), peer: "192.0.2.7"))
    }

    /// The decisions that took effect at RevKeen.
    var decisions: [EffectiveDecision] { get async { await house.world.decisions } }

    func audit() async throws -> [String] {
        try await house.ledger.audit(limit: 100).map { "\($0.actor) \($0.via) \($0.choice.rawValue) \($0.state.rawValue)" }
    }
}

extension House {
    /// The pages of the running relay.
    func pages(at publicURL: String) -> DecisionPages {
        DecisionPages(
            approvals: relay.approvals, deciding: relay.deciding, keys: Self.keys, publicURL: publicURL, clock: clock, logger: book.logger)
    }

    /// The whole public site, with the ways to sign in that the configuration has.
    func site() async -> PublicSite {
        let server = await relay.generation.configuration.server
        var pages = pages(at: server.publicURL ?? "")
        let door = relay.door(server, keys: Self.keys, tools: tools)
        pages.signsIn = door != nil
        return PublicSite(
            pages: pages, hooks: hooks, hosts: HostGuard(["relay.example"]), door: door,
            desk: door.map { relay.desk(door: $0) })
    }

    var hooks: ChatHooks {
        let relay = relay
        return ChatHooks(
            presses: relay.presses(keys: Self.keys), destinations: { await relay.generation.destinations }, tools: tools, clock: clock)
    }
}

extension PublicResponse {
    var html: String { String(decoding: body, as: UTF8.self) }

    /// The cookie as a browser sends it back.
    var cookie: String? { header("set-cookie").map { String($0.prefix { $0 != ";" }) } }

    var offersForm: Bool { html.contains("<form") }
}

extension String {
    /// The value of a hidden field of a form.
    func hidden(_ name: String) -> String? {
        guard let start = firstRange(of: "name=\"\(name)\" value=\"")?.upperBound, let end = self[start...].firstIndex(of: "\"") else {
            return nil
        }
        return String(self[start..<end])
    }

    /// The value of the last hidden field of that name, because each page of the desk begins with the form to sign out.
    func lastHidden(_ name: String) -> String? {
        guard let start = ranges(of: "name=\"\(name)\" value=\"").last?.lowerBound else { return nil }
        return String(self[start...]).hidden(name)
    }
}
