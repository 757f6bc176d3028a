import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing
import Transport

/// A relay that stands by: people look and answer there as they do on the leader, and it takes over.
@Suite(.serialized) struct StandbyTests {
    @Test(.enabled(if: !TestDatabase.isThere)) func `with a file, a relay that stands by takes over from one that was killed`() async throws
    {
        try await Stage.with { stage in
            let first = try stage.start("run")
            await stage.notify("first")
            #expect(await comesTrue { await stage.told.count == 1 })
            let refused = try await stage.relay("run")
            #expect(refused.status == 75)
            let second = try stage.start("run", "--standby")
            #expect(await comesTrue { second.errorText.contains("stands by") }, "\(second.errorText)")
            let third = try stage.start("run", "--standby")
            #expect(await comesTrue { third.errorText.contains("stands by") })
            #expect(third.terminate() == 0, "a signal ends a relay that stands by")
            first.kill()
            await stage.notify("second")
            #expect(await comesTrue { await stage.told.count == 2 }, "\(second.errorText)")
            let status = try await stage.relay("status")
            #expect(status.out.contains("led by process \(second.id) on ") && status.out.contains("(epoch 2)"), "\(status.out)")
            #expect(second.terminate() == 0)
        }
    }

    @Test func `once ends by itself, so it cannot stand by`() async throws {
        try await Stage.with { stage in
            let refused = try await stage.relay("run", "--once", "--standby")
            #expect(refused.status == 64)
        }
    }

    @Test(.enabled(if: TestDatabase.isThere)) func `the pages of a standby say so, and show what the leader writes`() async throws {
        let pair = try await Pair()
        let approval = await pair.ask("Refund 12 EUR?")
        #expect(await comesTrue { await pair.link(to: approval, at: 1) != nil })
        for (seat, ready, leads) in [(0, "ready", "1"), (1, "standby", "0")] {
            #expect(await comesTrue { await Web.get(pair.own(seat) + "/readyz")?.body.trimmed == ready }, "\(seat): \(pair.logs())")
            let metrics = await Web.get(pair.own(seat) + "/metrics")?.body ?? ""
            #expect(metrics.contains("notify_relay_leader \(leads)\n") && metrics.contains("notify_relay_leader_epoch 1\n"))
            let desk = await Web.get(pair.own(seat) + "/")?.body ?? ""
            #expect(desk.contains("Refund 12 EUR?") && desk.contains("led by process \(pair.relays[0].id) on "), "\(desk.suffix(800))")
            #expect(desk.contains("stands by") == (seat == 1))
        }
        await pair.stop()
    }

    @Test(.enabled(if: TestDatabase.isThere)) func `an answer that is given to the standby is carried by the leader, and its page says so`()
        async throws
    {
        let pair = try await Pair()
        let approval = await pair.ask("Refund 13 EUR?")
        let page = try await pair.decide(approval, .approve, at: 1)
        #expect(page.contains("Approved by ann"), "\(page.suffix(1_000)) \(pair.logs())")
        #expect(await pair.decisions(approval) == [.approve])
        let acts = try await pair.command("approvals", "log", "--json")
        #expect(acts.out.contains("\"taken\"") && acts.out.contains("ann"), "\(acts.all)")
        await pair.stop()
    }

    @Test(.enabled(if: TestDatabase.isThere))
    func `an answer that was given while the leader slept is sent once by the one that takes over`() async throws {
        let pair = try await Pair()
        let approval = await pair.ask("Refund 14 EUR?")
        #expect(await comesTrue { await pair.link(to: approval, at: 1) != nil })
        pair.relays[0].send(SIGSTOP)
        _ = try await pair.decide(approval, .reject, at: 1)
        #expect(await comesTrue(within: .seconds(20)) { await pair.decisions(approval) == [.reject] }, "\(pair.logs())")
        pair.relays[0].send(SIGCONT)
        #expect(await comesTrue { pair.relays[0].errorText.contains("another relay leads now") }, "\(pair.logs())")
        try await Task.sleep(for: .seconds(2))
        #expect(await pair.decisions(approval) == [.reject])
        #expect(await comesTrue { await Web.get(pair.own(0) + "/readyz")?.body.trimmed == "standby" })
        await pair.stop()
    }

    @Test(.enabled(if: TestDatabase.isThere)) func `commands work beside both, and a change of the leader is told`() async throws {
        let pair = try await Pair()
        let approval = await pair.ask("Refund 15 EUR?")
        #expect(await comesTrue { await pair.link(to: approval, at: 0) != nil })
        #expect(try await pair.command("approvals", "approve", approval).status == 0)
        #expect(await pair.decisions(approval) == [.approve])
        pair.relays[0].kill()
        #expect(
            await comesTrue { await pair.told("relay").contains { $0.contains("took over and leads now (epoch 2)") } }, "\(pair.logs())")
        let status = try await pair.command("status", "--json")
        #expect(try status.json["leader"]?["epoch"] == 2)
        #expect(try await pair.command("backup", "copy.db").err.contains("pg_dump"))
        await pair.stop()
    }
}

/// Two relays on one database, the first of which leads, with their pages.
private final class Pair: Sendable {
    let relays: [RelayProcess]
    private let place: Workplace
    private let inbox = Inbox()
    private let world = StandInRevKeen(clock: SystemClock(), seed: 5)
    private let server: SandboxServer
    private let store: SceneStore
    private let automation: String
    private let ports: [(own: Int, site: Int)]
    private let client = HTTPClient()

    init() async throws {
        place = try Workplace()
        store = try SceneStore()
        server = SandboxServer(world: world, inbox: inbox)
        let addresses = try await server.start()
        automation = await world.addAutomation(name: "Refunds")
        ports = try (0..<2).map { _ in (try Web.freePort(), try Web.freePort()) }
        var started: [RelayProcess] = []
        for (seat, port) in ports.enumerated() {
            try place.write(
                """
                \(store.line)
                accounts:
                  a: {api_key: "rk_sandbox_test", base_url: "\(addresses.api)", first_look: 1h, poll: {approvals: 1s, runs: 1s..2s, automations: 1s, budget: none}}
                people: {ann: {email: ann@example.com}}
                destinations:
                  hook: {type: webhook, url: "\(addresses.webhook)", width: 4}
                routes:
                  - {name: all, when: {kind: [approval, decision, relay]}, to: [hook]}
                server:
                  \(store.keyLine)
                  listen: "127.0.0.1:\(port.own)"
                  public_listen: "127.0.0.1:\(port.site)"
                  public_url: "http://127.0.0.1:\(ports[0].site)"
                  sign_in: {header: {name: X-Who, from: ["127.0.0.1"]}}
                """, to: "relay-\(seat).yaml")
            let relay = try RelayProcess(["run", "--config", "relay-\(seat).yaml"], in: place.folder)
            started.append(relay)
            #expect(await comesTrue { await Web.get("http://127.0.0.1:\(port.own)/readyz")?.status == 200 }, "\(relay.errorText)")
            if seat == 0 { #expect(await comesTrue { relay.errorText.contains("this relay leads") }, "\(relay.errorText)") }
        }
        relays = started
    }

    func own(_ seat: Int) -> String { "http://127.0.0.1:\(ports[seat].own)" }

    func ask(_ action: String) async -> String {
        await world.requestApproval(run: await world.startRun(of: automation), action: action)
    }

    /// The link of a message, as it leads to one of the two.
    func link(to approval: String, at seat: Int) async -> String? {
        let link = await inbox.messages(kind: .webhook).lazy.compactMap { $0.json?["data"] }
            .first { $0["id"]?.string?.contains(approval) == true && $0["approval"]?["decide_link"] != nil }?["approval"]?["decide_link"]?
            .string
        return link?.replacing(":\(ports[0].site)/", with: ":\(ports[seat].site)/")
    }

    /// Opens the page of a link and posts its form. Returns the page that follows.
    func decide(_ approval: String, _ choice: Choice, at seat: Int) async throws -> String {
        var found: String?
        _ = await comesTrue {
            found = await self.link(to: approval, at: seat)
            return found != nil
        }
        let url = try #require(found, "no link came: \(logs())")
        let headers = [(name: "X-Who", value: Secret("ann@example.com"))]
        let page = try await client.send(HTTPRequest("GET", Secret(url), headers: headers))
        let html = String(decoding: page.body, as: UTF8.self)
        let cookie = page.headers.filter { $0.name.lowercased() == "set-cookie" }.map { String($0.value.prefix { $0 != ";" }) }
        let seen = try #require(html.hidden("seen"), "\(html.suffix(1_000))"), csrf = try #require(html.lastHidden("csrf"))
        let body = "seen=\(seen)&csrf=\(csrf)&reason=&verdict=\(choice.rawValue)"
        let form =
            headers + [
                (name: "Content-Type", value: Secret("application/x-www-form-urlencoded")),
                (name: "Cookie", value: Secret(cookie.joined(separator: "; "))),
            ]
        var request = HTTPRequest("POST", Secret(url), headers: form, body: Array(body.utf8))
        request.timeout = .seconds(20)
        return String(decoding: try await client.send(request).body, as: UTF8.self)
    }

    func decisions(_ approval: String) async -> [Choice] { await world.decisions.filter { $0.approval == approval }.map(\.choice) }

    /// The titles of the messages of one kind.
    func told(_ kind: String) async -> [String] {
        await inbox.messages(kind: .webhook).filter { $0.json?["type"]?.string == kind }.compactMap { $0.json?["data"]?["title"]?.string }
    }

    func command(_ arguments: String...) async throws -> Finished {
        let process = try RelayProcess(arguments + ["--config", "relay-1.yaml"], in: place.folder)
        let status = await process.ended()
        return Finished(status: status, out: process.outputText, err: process.errorText)
    }

    func logs() -> String { relays.map { "\($0.id):\n\($0.errorText.suffix(3_000))" }.joined(separator: "\n") }

    func stop() async {
        for relay in relays {
            relay.send(SIGCONT)
            relay.kill()
        }
        client.shutdown()
        await server.stop()
    }
}
