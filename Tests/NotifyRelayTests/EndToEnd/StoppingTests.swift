import Foundation
import Glibc
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Tests how the running relay ends.
struct StoppingTests {
    @Test(arguments: [SIGTERM, SIGINT]) func `it ends with 0 when it is told to, and owes nothing`(signal: Int32) async throws {
        try await Stage.with { stage in
            let relay = try stage.start("run")
            await stage.notify()
            #expect(await stage.inbox.waitForCount(1))
            #expect(await comesTrue { await stage.statusOf("hook")?["owed"] == 0 })
            #expect(await relay.stopped(by: signal) == 0, "\(relay.errorText)")
        }
    }

    /// The receiver accepts a connection and never responds.
    @Test func `what is in flight has its grace, then it is cut off and owed again, under the same id`() async throws {
        let clock = ManualClock()
        try await Stage.with(inboxClock: clock) { stage in
            await stage.inbox.arrange { $0.hookDelay = .seconds(3_600) }
            let relay = try stage.start("run", "--grace", "1s")
            let event = await stage.notify()
            #expect(await comesTrue { clock.sleeperCount == 1 })
            let told = ContinuousClock.now
            #expect(await relay.stopped() == 0, "\(relay.errorText)")
            let took = ContinuousClock.now - told
            #expect(took >= .seconds(1) && took < .seconds(6), "\(took)")

            let why = try await stage.relay("why", "--json", event).json["deliveries"]?.array?.first
            #expect(why?["state"] == "owed" && why?["held_for"] == nil, "\(why?.text ?? "")")
            await stage.inbox.arrange { $0.hookDelay = .zero }
            try await stage.once()
            #expect(await stage.told == [event])
        }
    }

    @Test func `while it ends it begins nothing new`() async throws {
        let clock = ManualClock()
        try await Stage.with(inboxClock: clock) { stage in
            await stage.inbox.arrange { $0.hookDelay = .seconds(3_600) }
            let relay = try stage.start("run", "--grace", "20s")
            // They belong to one run, so that they are admitted at once.
            let run = await stage.run()
            for number in 1...5 { await stage.world.notify(run: run, message: "number \(number)") }
            // One is in flight, and one is claimed ahead.
            #expect(await comesTrue { await stage.held() == 2 && clock.sleeperCount == 1 })
            relay.send(SIGTERM)
            #expect(await comesTrue { await stage.held() == 1 }, "what is not begun goes back")
            await stage.inbox.arrange { $0.hookDelay = .zero }
            clock.advance(by: .seconds(3_600))
            #expect(await relay.ended() == 0, "\(relay.errorText)")
            #expect(await stage.inbox.count == 1, "what was in flight ends well, and is the last")
            try await stage.once()
            #expect(await stage.inbox.identities.count == 5)
            #expect(await stage.inbox.identities.values.allSatisfy { $0 == 1 })
        }
    }
}

extension Stage {
    /// The number of deliveries that are claimed.
    fileprivate func held() async -> Int {
        ((try? await relay("status"))?.lines ?? []).count { $0.hasSuffix("  claim") }
    }
}
