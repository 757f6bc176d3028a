import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing

@testable import NotifyRelay

/// A daemon with a dead delivery and two closed lanes, all repaired by commands.
enum DaemonDeliveries {
    struct Findings: Sendable {
        /// The lanes of `closed` and `tested` before any command.
        var lanesBefore: [String?]
        var owedBefore: [JSONValue?]
        /// The results of the commands.
        var open, sendTest, retry: Finished
        /// The ids of the events that arrived, by place.
        var told: [String: [String]]
        var lanesAfter: [String?]
        var events: [String: String]
        var log: String
    }

    static func play() async throws -> Findings {
        let names = ["closed", "tested", "dead"]
        let yaml: (SandboxAddresses) -> String = { addresses in
            Stage.standard(
                addresses, destinations: names.map { "\($0): {type: webhook, url: \"\(addresses.webhook($0))\"}" },
                routes: zip(names, ["low", "normal", "high"]).map {
                    "{name: \($0), when: {kind: notification, priority: \($1)}, to: [\($0)]}"
                })
        }
        return try await Stage.with(yaml: yaml) { stage in
            var events = ["dead": await stage.notify(priority: "high")]
            await stage.inbox.arrange { $0.always = InboxFaults.Refusal(400) }
            try await stage.once()
            await stage.inbox.arrange { $0.always = InboxFaults.Refusal(410) }
            events["closed"] = await stage.notify(priority: "low")
            events["tested"] = await stage.notify(priority: "normal")
            let relay = try stage.start("run")
            _ = await comesTrue { await stage.lanes == ["closed", "closed"] }
            let before = await (stage.lanes, [stage.statusOf("closed")?["owed"], stage.statusOf("tested")?["owed"]])
            await stage.inbox.arrange { $0.always = nil }
            let open = try await stage.relay("lanes", "open", "closed")
            let sendTest = try await stage.relay("send-test", "tested")
            let retry = try await stage.relay("retry", "--all")
            _ = await comesTrue { Set(await stage.told).isSuperset(of: events.values) }
            _ = await comesTrue { await stage.lanes == ["open", "open"] }
            let after = await stage.lanes
            _ = await relay.stopped()
            let told = await stage.inbox.messages().reduce(into: [String: [String]]()) {
                $0[$1.place, default: []].append($1.json?["data"]?["id"]?.string ?? "")
            }
            return Findings(
                lanesBefore: before.0, owedBefore: before.1, open: open, sendTest: sendTest, retry: retry, told: told, lanesAfter: after,
                events: events, log: relay.errorText)
        }
    }
}

extension Stage {
    fileprivate var lanes: [String?] { get async { [await lane("closed"), await lane("tested")] } }
}

struct DaemonDeliveriesTests {
    @Test func `a destination that says that it is gone closes its lane, which keeps what is owed`() async throws {
        let seen = try await SlowScenes.deliveries.value
        #expect(seen.lanesBefore == ["closed", "closed"], "\(seen.log)")
        #expect(seen.owedBefore == [1, 1])
    }

    @Test func `lanes open lets a daemon deliver what is owed`() async throws {
        let seen = try await SlowScenes.deliveries.value
        #expect(seen.open.status == 0 && seen.open.out == "closed is open\n")
        #expect(seen.told["closed"] == seen.events["closed"].map { [$0] })
    }

    @Test func `a send-test that arrives opens the lane, and the daemon delivers what is owed`() async throws {
        let seen = try await SlowScenes.deliveries.value
        #expect(seen.sendTest.status == 0)
        #expect(seen.told["tested"]?.count == 2)
        #expect(seen.told["tested"]?.last == seen.events["tested"])
    }

    @Test func `retry wakes a daemon`() async throws {
        let seen = try await SlowScenes.deliveries.value
        #expect(seen.retry.status == 0 && seen.retry.out == "1 put back\n")
        #expect(seen.told["dead"] == seen.events["dead"].map { [$0] })
    }

    @Test func `the daemon holds no lane closed that a command has opened`() async throws {
        #expect(try await SlowScenes.deliveries.value.lanesAfter == ["open", "open"])
    }
}
