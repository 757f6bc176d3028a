import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing

@testable import NotifyRelay

/// One relay with faulty neighbours: four accounts, seven web receivers and two mail servers, each with faults of its own kind.
enum BadDay {
    struct Findings: Sendable {
        /// The ids of the events of the four accounts, and how often their well-behaved receiver got each (`told`).
        var happened: Set<String>
        var told: [String: Int]
        /// The number of failed responses of each account.
        var failures: [String: Int]
        /// The events that are owed to each of the bad receivers, and the posts that they got.
        var owed: Set<String>
        var posts: [String: [Receiver.Post]]
        /// The `Message-ID`s of accepted mails and how often each was accepted, by destination.
        var mails: [String: [String: Int]]
        /// The number of mails that the mail server deferred at first.
        var greylisted: Int
        /// The events that are owed to the receiver that accepts five posts a second, and the posts that it got (`paced`).
        var many: Set<String>
        var paced: [Receiver.Post]
        var exit: Int32?
        var log: String
    }

    static func play() async throws -> Findings {
        try await Stage.with(yaml: { _ in "" }) { stage in
            let cast = try await BadCast()
            let findings = try await play(on: stage, cast)
            await cast.stop()
            return findings
        }
    }

    private static func play(on stage: Stage, _ cast: BadCast) async throws -> Findings {
        try stage.configure(cast.yaml(stage.addresses))
        let happened = await cast.happen()
        var owed = Set<String>(), many = Set<String>()
        for number in 1...3 { owed.insert(await stage.notify("number \(number)", priority: "high")) }
        for number in 1...60 { many.insert(await stage.notify("number \(number)", priority: "low")) }

        let relay = try stage.start("run")
        #expect(await comesTrue { await cast.grey.inbox.refused > 0 })
        await cast.grey.inbox.arrange { $0.mailRefusal = nil }
        #expect(await comesTrue { await cast.failures.values.allSatisfy { $0 >= 2 } })
        await cast.recover()
        let isDone = await comesTrue(within: .seconds(40)) {
            guard await Set(stage.told.map(\.withoutMoment)) == happened, Set(cast.paced.taken.keys) == many else { return false }
            return await cast.hasTold(owed)
        }
        let exit = await relay.stopped()
        #expect(isDone, "something has not arrived: \(relay.errorText)")
        return Findings(
            happened: happened, told: await stage.told.map(\.withoutMoment).counted, failures: await cast.failures, owed: owed,
            posts: cast.receivers.mapValues(\.posts),
            mails: ["grey": await cast.grey.inbox.identities, "mute": await cast.mute.inbox.identities],
            greylisted: await cast.grey.inbox.refused, many: many, paced: cast.paced.posts, exit: exit, log: relay.errorText)
    }
}

extension [String] {
    /// How often each string is in the array.
    var counted: [String: Int] { reduce(into: [:]) { $0[$1, default: 0] += 1 } }
}

extension String {
    /// The id of a run's event without the time at its end.
    fileprivate var withoutMoment: String { contains("/run/") ? split(separator: "/").prefix(3).joined(separator: "/") : self }
}

/// The faulty accounts, receivers and mail servers.
private struct BadCast {
    /// A stand-in account with an inbox, which also serves as a mail server.
    struct Account {
        let world: StandInRevKeen
        let inbox = Inbox()
        let server: SandboxServer
        let addresses: SandboxAddresses

        /// - Parameter seed: determines the ids, so each account needs another one.
        init(seed: UInt64, _ faults: @Sendable (inout Faults) -> Void) async throws {
            world = StandInRevKeen(clock: SystemClock(), seed: seed)
            server = SandboxServer(world: world, inbox: inbox)
            addresses = try await server.start()
            await world.arrange(faults)
        }
    }

    let accounts: [(name: String, account: Account)]
    let receivers: [String: Receiver]
    /// A receiver that accepts five posts in any second.
    let paced: Receiver
    /// A mail server that defers mail at first (`grey`), and one that accepts the first mail and then does not respond (`mute`).
    let grey: Account
    let mute: Account

    init() async throws {
        grey = try await Account(seed: 1) { $0.failEvery = (3, 500) }
        mute = try await Account(seed: 2) {
            $0.failEvery = (4, 429)
            $0.retryAfter = "1"
        }
        let pages = try await Account(seed: 3) {
            $0.failEvery = (4, 502)
            $0.htmlErrors = true
        }
        accounts = [("fives", grey), ("limits", mute), ("pages", pages), ("drops", try await Account(seed: 4) { $0.dropEvery = 3 })]
        receivers = [
            "errors": try Receiver(first: .refuse(500), .refuse(503)), "waits": try Receiver(first: .refuse(429, retryAfter: "2")),
            "silent": try Receiver(first: .takeAndHangUp), "resets": try Receiver(first: .takeAndReset),
            "breaks": try Receiver(first: .takeAndBreakOff), "shut": try Receiver(first: .reset),
        ]
        paced = try Receiver { earlier, now in
            earlier.count { $0.isTaken && $0.at > now - .seconds(1) } < 5 ? .take : .refuse(429, retryAfter: "1")
        }
        await grey.inbox.arrange { $0.mailRefusal = "454 4.3.0 try later" }
        await mute.inbox.arrange { $0.dropsAfterDot = 1 }
    }

    func yaml(_ good: SandboxAddresses) -> String {
        let keys = accounts.map { "\($0.name): {api_key: \"\(Stage.key)\", base_url: \"\($0.account.addresses.api)\", \(Stage.account)}" }
        let hooks = receivers.map { "\($0.key): {type: webhook, url: \"\($0.value.url)\"}" }
        let names = receivers.keys.joined(separator: ", ")
        return """
            accounts:
              a: {api_key: "\(Stage.key)", base_url: "\(good.api)", \(Stage.account)}
              \(keys.joined(separator: "\n  "))
            destinations:
              hook: {type: webhook, url: "\(good.webhook)"}
              paced: {type: webhook, url: "\(paced.url)"}
              \(hooks.joined(separator: "\n  "))
              grey: {type: email, server: "\(grey.addresses.smtp)", from: relay@example.com, to: [ops@example.com]}
              mute: {type: email, server: "\(mute.addresses.smtp)", from: relay@example.com, to: [ops@example.com]}
            routes:
              - {name: few, when: {account: a, kind: notification, priority: high}, to: [\(names), grey, mute]}
              - {name: many, when: {account: a, priority: low}, to: [paced]}
              - {name: rest, when: {account: [\(accounts.map(\.name).joined(separator: ", "))], kind: [notification, approval, run]}, to: [hook]}
            """
    }

    /// Starts in each account a run that notifies and fails, and a run that requests an approval.
    ///
    /// - Returns: the ids of the events.
    func happen() async -> Set<String> {
        var events = Set<String>()
        for (name, account) in accounts {
            let automation = await account.world.addAutomation(name: "Nightly invoices")
            let failing = await account.world.startRun(of: automation)
            for number in 1...3 {
                events.insert("\(name)/notification/\(await account.world.notify(run: failing, message: "number \(number)"))")
            }
            await account.world.finishRun(failing, outcome: .failed, error: "no counterpart")
            events.insert("\(name)/run/\(failing)")
            let asking = await account.world.startRun(of: automation)
            events.insert("\(name)/approval/\(await account.world.requestApproval(run: asking, action: "go on?"))/v1")
        }
        return events
    }

    func hasTold(_ owed: Set<String>) async -> Bool {
        let hooks = receivers.values.allSatisfy { Set($0.taken.keys) == owed }
        let mails = await [grey.inbox.identities.count, mute.inbox.identities.count]
        return hooks && mails.allSatisfy { $0 == owed.count }
    }

    var failures: [String: Int] {
        get async {
            var failures: [String: Int] = [:]
            for (name, account) in accounts {
                failures[name] = await account.world.requestLog.statuses.filter { $0.key == 0 || $0.key >= 400 }.values.reduce(0, +)
            }
            return failures
        }
    }

    /// Makes the accounts respond well from now on. A fault at every third request could otherwise hit the same request again and again.
    func recover() async { for (_, account) in accounts { await account.world.arrange { $0 = Faults() } } }

    func stop() async { for (_, account) in accounts { await account.server.stop() } }
}
