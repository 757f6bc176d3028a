import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing
import Transport

@testable import NotifyRelay

/// Errors never stop the program. It reports one once, and again when it is over (design §4).
struct AccountErrorTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var reply: WorldTransport.Reply
        var topic = "unreachable"

        init(_ name: String, _ reply: WorldTransport.Reply, topic: String = "unreachable") {
            testDescription = name
            self.reply = reply
            self.topic = topic
        }

        static let html = "<html><body><h1>502 Bad Gateway</h1></body></html>"
        static let all = [
            Fault("401", .status(401, #"{"error":{"code":"invalid_api_key","message":"no"}}"#), topic: "unauthorized"),
            Fault("403", .status(403, #"{"error":"INSUFFICIENT_PERMISSIONS"}"#), topic: "forbidden"),
            Fault("404", .status(404, #"{"error":{"code":"resource_missing"}}"#)),
            Fault("409", .status(409, "{}")),
            Fault("422", .status(422, "{}")),
            Fault("429", .status(429, headers: [("retry-after", "1")])),
            Fault("500 with HTML", .status(500, headers: [("content-type", "text/html")], html)),
            Fault("200 with HTML", .status(200, html)),
            Fault("a redirect", .status(302, headers: [("location", "https://elsewhere.example/")])),
            Fault("unreachable", .unreachable),
            Fault("timeout", .error(TransportError(.timeout, sent: true, "no answer within 30 s"))),
            Fault("reset", .error(TransportError(.noAnswer, sent: true, "the connection ended"))),
            Fault("cut off", .changed { HTTPResponse(status: 200, body: Array($0.body.dropLast($0.body.count / 2))) }),
            Fault("empty", .status(200)),
            Fault("a list that is none", .status(200, #"{"data":{"id":"x"}}"#)),
            Fault("30 MB", .changed { _ in HTTPResponse(status: 200, body: [UInt8](repeating: 0x20, count: 30_000_000)) }),
        ]
    }

    private func look(_ house: House, times: Int = 1) async throws -> [Bool] {
        let poller = try await house.poller()
        var good: [Bool] = []
        for _ in 0..<times {
            // A 429 makes the next request wait.
            good.append(await inItsTime(house.clock) { await poller.lookOnce() })
            house.clock.advance(by: .minutes(1))
        }
        return good
    }

    @Test(arguments: Fault.all)
    func `an account that cannot be read is said once, and once when it is well`(fault: Fault) async throws {
        let house = try await House()
        let automation = await house.world.addAutomation(name: "Invoices")
        let run = await house.world.startRun(of: automation)
        for _ in 0..<3 { await house.world.startRun(of: automation) }
        #expect(try await look(house) == [true])
        house.transport.misbehave { _ in fault.reply }
        #expect(try await look(house, times: 5) == [false, false, false, false, false])
        #expect(try await house.said(fault.topic) == ["live"])
        house.transport.misbehave(nil)
        let message = await house.world.notify(run: run, message: "after it")
        // A run that was not found is requested again after five minutes.
        house.clock.advance(by: .minutes(5))
        #expect(try await look(house, times: 2) == [true, true])
        #expect(try await house.said(fault.topic) == ["live", "live over"])
        #expect(try await house.events(.relay).count == 2)
        #expect(try await house.told(.notification) == ["live/notification/\(message)"])
    }

    @Test func `a refused key names the account, a missing scope names the scope`() async throws {
        let house = try await House()
        house.transport.misbehave { _ in .status(401, #"{"error":{"code":"invalid_api_key","message":"revoked"}}"#) }
        _ = try await look(house)
        house.transport.misbehave { _ in .status(403, #"{"error":{"code":"insufficient_permissions"}}"#) }
        _ = try await look(house)
        let key = try #require(try await house.words("unauthorized").first)
        #expect(key.contains("account live") && key.contains("revoked"))
        #expect(try await house.words("forbidden").first?.contains("automations:read") == true)
    }

    @Test func `what an error says never holds the key`() async throws {
        let house = try await House()
        house.transport.misbehave { _ in .status(401, #"{"error":{"message":"no such key: rk_live_test"}}"#) }
        _ = try await look(house)
        #expect(try await house.words("unauthorized").count == 1)
        #expect(try await !house.words("unauthorized").contains { $0.contains("rk_live_test") })
        #expect(!house.book.lines.contains { $0.contains("rk_live_test") })
    }

    @Test func `one account's trouble is not another's`() async throws {
        let house = try await House(
            """
            accounts:
              live: {api_key: rk_live_test, base_url: "https://one.example/v2"}
              other: {api_key: rk_live_other, base_url: "https://two.example/v2"}
            destinations: {ops: {type: console}}
            routes: [{name: all, to: [ops]}]
            """)
        house.transport.misbehave { _ in .unreachable }
        try await house.look("live")
        house.transport.misbehave(nil)
        #expect(try await house.look("other"))
        #expect(try await house.said("unreachable") == ["live"])
    }

    @Test(arguments: [
        ("7", 7.0), ("1.5", 1.5), ("Tue, 24 Nov 2026 09:00:30 GMT", 30), ("999999999", 600), ("-5", 1), ("0", 1), ("soon", 5),
    ])
    func `after a 429 the feed asks nothing for as long as it says, and approvals go on`(said: String, seconds: Double) async throws {
        for refused in ["/automations", "/automations/approvals"] {
            let house = try await House()
            house.transport.misbehave { $0.path == refused ? .status(429, headers: [("retry-after", said)]) : .world }
            let poller = try await house.poller()
            _ = await inItsTime(house.clock) { await refused == "/automations" ? poller.automations.look() : poller.approvals.look() }
            house.transport.misbehave(nil)
            _ = await inItsTime(house.clock) { await poller.approvals.look() }
            _ = await inItsTime(house.clock) { await poller.automations.look() }
            // Automations pause whatever is refused, approvals only if they are.
            let asks = house.transport.asks, start = asks[0].at
            let approvals = asks.last { $0.path == "/automations/approvals" }, automations = asks.last { $0.path == "/automations" }
            #expect(approvals.map { start.duration(to: $0.at) } == (refused == "/automations" ? .zero : .seconds(seconds)))
            #expect(automations.map { start.duration(to: $0.at) } == .seconds(seconds))
        }
    }

    @Test func `a pause that is over leaves no trouble behind`() async throws {
        let house = try await House()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Invoices"))
        _ = await house.world.requestApproval(run: run, action: "Send")
        await house.world.arrange { $0.rateLimitPerMinute = 2 }
        _ = try await look(house, times: 4)
        await house.world.arrange { $0.rateLimitPerMinute = nil }
        #expect(try await look(house).last == true)
        #expect(try await house.told(.approval).count == 1)
    }

    @Test func `a run that fails and is gone afterwards leaves no trouble behind`() async throws {
        let house = try await House()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Invoices"))
        _ = try await look(house)
        house.transport.misbehave(at: run, .unreachable)
        for _ in 0..<4 {
            house.clock.advance(by: .minutes(5))
            _ = try await look(house)
        }
        #expect(try await house.said("unreachable") == ["live"])
        house.transport.misbehave(at: run, .status(404, "{}"))
        house.clock.advance(by: .minutes(5))
        _ = try await look(house)
        #expect(try await house.said("unreachable") == ["live", "live over"])
    }
}

/// One bad run or list does not count as a failure of the account (design §4).
struct OneBadThingTests {
    private func house() async throws -> (House, automation: String, bad: String, good: String) {
        let house = try await House()
        let automation = await house.world.addAutomation(name: "Invoices")
        let bad = await house.world.startRun(of: automation), good = await house.world.startRun(of: automation)
        try await house.look()
        return (house, automation, bad, good)
    }

    private func looks(_ house: House, _ count: Int) async throws {
        for _ in 0..<count {
            house.clock.advance(by: .minutes(5))
            try await house.look()
        }
    }

    @Test func `a run that cannot be read is named once, and once when it can be again`() async throws {
        let (house, _, bad, good) = try await house()
        house.transport.misbehave(at: bad, .status(500, "{}"))
        let message = await house.world.notify(run: good, message: "all well here")
        try await looks(house, 6)
        #expect(try await house.said("unreadable") == ["live/run/\(bad)"])
        #expect(try await house.told(.notification) == ["live/notification/\(message)"])
        house.transport.misbehave(nil)
        try await looks(house, 2)
        #expect(try await house.said("unreadable") == ["live/run/\(bad)", "live/run/\(bad) over"])
        #expect(try await house.said("unreachable") == [])
    }

    @Test func `a run and a list that could not be read, and are no more, trouble nobody any longer`() async throws {
        let (house, automation, _, _) = try await house()
        house.transport.misbehave(at: automation, .status(500, "{}"))
        try await looks(house, 6)
        #expect(try await house.said("unreadable").count == 3)
        house.transport.misbehave(at: automation, .status(404, "{}"))
        try await looks(house, 1)
        #expect(try await house.said("unreadable").count { $0.hasSuffix(" over") } == 3)
    }

    @Test func `a run that fails now and then is not worth a word`() async throws {
        let (house, _, bad, _) = try await house()
        for _ in 0..<4 {
            house.transport.misbehave(at: bad, .status(500, "{}"))
            try await looks(house, 2)
            house.transport.misbehave(nil)
            try await looks(house, 1)
        }
        #expect(try await house.events(.relay).isEmpty)
    }

    @Test func `a list of runs that cannot be read is named once, and once when it can be again`() async throws {
        let (house, automation, _, _) = try await house()
        let other = await house.world.addAutomation(name: "Refunds")
        house.transport.misbehave { $0.path.hasSuffix("\(automation)/runs") ? .status(200, "<html>") : .world }
        try await looks(house, 3)
        let message = await house.world.notify(run: house.world.startRun(of: other), message: "all well here")
        try await looks(house, 1)
        #expect(try await house.said("unreadable") == ["live/runs/\(automation)"])
        #expect(try await house.told(.notification) == ["live/notification/\(message)"])
        house.transport.misbehave(nil)
        try await looks(house, 2)
        #expect(try await house.said("unreadable") == ["live/runs/\(automation)", "live/runs/\(automation) over"])
        #expect(try await house.said("unreachable") == [])
    }
}
