import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing

@testable import NotifyRelay

/// `server.listen` of a running relay, read over its socket: before any event, after some, and while a lane is closed.
enum Serving {
    typealias Page = (status: Int, body: String, headers: [(name: String, value: String)])

    struct Findings: Sendable {
        var before: [String: Page] = [:]
        var after: [String: Page] = [:]
        var closed: [String: Page] = [:]
        var reopened: [String: Page] = [:]
        /// The id of the notification that the receiver refused for good.
        var dead = ""
        var exit: Int32?
        var log = ""
    }

    static let delivered = #"notify_relay_deliveries_total{destination="hook",outcome="delivered",reason="ok"}"#
    static let refused = #"notify_relay_deliveries_total{destination="hook",outcome="refused",reason="rejected"}"#

    static func play() async throws -> Findings {
        let port = try Web.freePort(), address = "http://127.0.0.1:\(port)"
        let yaml: (SandboxAddresses) -> String = {
            Stage.standard(
                $0, destinations: ["side: {type: webhook, url: \"\($0.webhook("side"))\"}"],
                more: "server: {listen: \"127.0.0.1:\(port)\"}")
        }
        return try await Stage.with(yaml: yaml) { stage in
            var findings = Findings()
            let relay = try stage.start("run")
            _ = await comesTrue { await Web.get(address + "/healthz") != nil }
            findings.before = await pages(address)

            await stage.inbox.arrange { $0.next = [InboxFaults.Refusal(400)] }
            findings.dead = await stage.notify("<script>alert(1)</script>", priority: "urgent")
            // The other notifications are sent only after this one was refused, since one of them might be refused instead.
            _ = await comesTrue { Series(await Web.get(address + "/metrics")?.body ?? "")[refused] == 1 }
            for _ in 1...2 { await stage.notify() }
            _ = await comesTrue {
                let now = Series(await Web.get(address + "/metrics")?.body ?? "")
                return now[delivered] == 2 && now[refused] == 1
            }
            findings.after = await pages(address)

            await stage.inbox.arrange { $0.always = InboxFaults.Refusal(410) }
            await stage.notify()
            _ = await comesTrue { await Web.get(address + "/healthz?deep")?.status == 503 }
            findings.closed = await pages(address)
            await stage.inbox.arrange { $0.always = nil }
            _ = try await stage.relay("lanes", "open", "hook")
            _ = await comesTrue { await Web.get(address + "/healthz?deep")?.status == 200 }
            findings.reopened = await pages(address)
            findings.exit = await relay.stopped()
            findings.log = relay.errorText
            return findings
        }
    }

    private static func pages(_ address: String) async -> [String: Page] {
        var pages: [String: Page] = [:]
        for path in ["/", "/healthz", "/healthz?deep", "/readyz", "/metrics", "/admin", "/metrics/x", "/a/token"] {
            pages[path] = await Web.get(address + path)
        }
        return pages
    }
}

struct ServingOverSocketTests {
    @Test func `healthz says that it lives`() async throws {
        let health = try #require(try await SlowScenes.serving.value.before["/healthz"])
        #expect(health.status == 200 && health.body == "alive\n")
    }

    @Test(arguments: ["/admin", "/metrics/x", "/a/token"]) func `what is not there is 404`(path: String) async throws {
        #expect(try await SlowScenes.serving.value.before[path]?.status == 404)
    }

    @Test func `readyz is 200 while all is well`() async throws {
        let seen = try await SlowScenes.serving.value
        for pages in [seen.before, seen.after, seen.reopened] {
            #expect(pages["/readyz"]?.status == 200 && pages["/readyz"]?.body == "ready\n", "\(seen.log)")
        }
    }

    @Test func `while a lane is closed the deep look is 503 and names it alone, and the relay stays ready`() async throws {
        let closed = try await SlowScenes.serving.value.closed
        let deep = try #require(closed["/healthz?deep"]), ready = try #require(closed["/readyz"])
        #expect(deep.status == 503)
        #expect(deep.body.hasPrefix("lanes: hook (") && !deep.body.contains("side"), "\(deep.body)")
        #expect(ready.status == 200 && ready.body == "ready\n")
    }

    @Test func `every series stands at its first value before anything happens`() async throws {
        let before = Series(try #require(try await SlowScenes.serving.value.before["/metrics"]).body)
        for kind in Event.Kind.allCases { #expect(before[admitted(kind)] == 0, "\(kind)") }
        for series in [Serving.delivered, Serving.refused, #"notify_relay_owed{destination="side"}"#] {
            #expect(before[series] == 0, "\(series)")
        }
        #expect(before[#"notify_relay_lane_open{destination="side"}"#] == 1)
        #expect(before[#"notify_relay_budget_per_minute{account="a"}"#] == .infinity)
        for feed in ["approvals", "automations", "runs", "details"] {
            #expect(before[#"notify_relay_feed_age_seconds{account="a",feed="\#(feed)"}"#] != nil, "\(feed)")
            #expect(before[#"notify_relay_feed_saturated{account="a",feed="\#(feed)"}"#] == 0, "\(feed)")
        }
    }

    @Test func `metrics count what happens, without making a series`() async throws {
        let seen = try await SlowScenes.serving.value
        let before = Series(try #require(seen.before["/metrics"]).body), after = Series(try #require(seen.after["/metrics"]).body)
        #expect(after[admitted(.notification)] == 3)
        #expect(after[Serving.delivered] == 2 && after[Serving.refused] == 1)
        #expect(after[#"notify_relay_delivery_seconds_count{destination="hook"}"#] == 3)
        #expect(after[#"notify_relay_delivery_seconds_count{destination="side"}"#] == 0)
        #expect(Set(after.names) == Set(before.names))
    }

    @Test func `a closed lane and what it owes show in the metrics`() async throws {
        let closed = Series(try #require(try await SlowScenes.serving.value.closed["/metrics"]).body)
        #expect(closed[#"notify_relay_lane_open{destination="hook"}"#] == 0)
        #expect(closed[#"notify_relay_lane_open{destination="side"}"#] == 1)
        #expect(closed[#"notify_relay_owed{destination="hook"}"#] == 1)
    }

    @Test func `no page says a secret, and none holds a script of its own`() async throws {
        let seen = try await SlowScenes.serving.value
        for pages in [seen.before, seen.after, seen.closed] {
            for (path, page) in pages {
                #expect(!page.body.contains(Stage.key) && !page.body.contains("/hooks/"), "\(path)")
                let scripts = page.body.ranges(of: "<script").count,
                    own = page.body.ranges(of: "<script src=\"/desk.js\" defer></script>").count
                #expect(scripts == own, "\(path)")
            }
        }
    }

    @Test func `the desk names destinations, feeds and what is dead, under a policy without scripts of its own`() async throws {
        let seen = try await SlowScenes.serving.value
        let page = try #require(seen.after["/"])
        for words in ["/destinations/hook", "/destinations/side", "<td>approvals</td>", "1 dead", NotifyRelay.versionText] {
            #expect(page.body.contains(words), "\(words)")
        }
        #expect(page.headers.first { $0.name == "content-security-policy" }?.value.hasPrefix("default-src 'none'") == true)
        #expect(page.headers.first { $0.name == "content-type" }?.value.hasPrefix("text/html") == true)
    }

    @Test func `it ends with 0`() async throws {
        let seen = try await SlowScenes.serving.value
        #expect(seen.exit == 0, "\(seen.log)")
    }

    private func admitted(_ kind: Event.Kind) -> String {
        #"notify_relay_events_admitted_total{account="a",kind="\#(kind.rawValue)"}"#
    }
}

/// Metrics by series, parsed as Prometheus does.
private struct Series {
    private var values: [String: Double] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            values[String(line[..<space])] = Double(line[line.index(after: space)...].replacingOccurrences(of: "+Inf", with: "inf"))
        }
    }

    subscript(series: String) -> Double? { values[series] }

    var names: [String] { Array(values.keys) }
}
