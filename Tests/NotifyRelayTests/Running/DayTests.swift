import Dedup
import Foundation
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// A day in which each destination misbehaves for an hour in turn. `DAY_LOG` names a file for the log of the day.
@Suite(.timeLimit(.minutes(5)))
struct DayTests {
    private enum Trouble: CaseIterable {
        case failing, throttled, unknown, refusing, trimmings, page, quota, doubtful, silent, gone

        var verdict: DeliveryError.Verdict? {
            switch self {
            case .failing: .retry(after: nil)
            case .throttled: .throttled(after: .seconds(90))
            case .unknown: .suspect
            case .refusing: .refused
            case .trimmings: .trimmings
            case .page: nil
            case .quota: .unavailable(after: .seconds(1_800))
            case .doubtful: .doubtful
            case .silent: .uncertain
            case .gone: .gone
            }
        }

        /// The topic of the report to `health_to`; nil if there is none. The second is whether it ends.
        var report: (topic: String, ends: Bool)? {
            switch self {
            case .failing, .quota, .doubtful, .silent: ("down", true)
            case .unknown, .gone: ("closed", true)
            case .refusing: ("dead", true)
            case .page: ("page", false)
            case .throttled, .trimmings: nil
            }
        }
    }

    private static let destinations = [
        "slack": #"{type: slack, url: "https://hooks.slack.com/services/T/B/x"}"#,
        "bot": "{type: slack, token: xoxb-1-2, channel: C0123456789}",
        "discord": #"{type: discord, url: "https://discord.com/api/webhooks/1/x"}"#,
        "telegram": #"{type: telegram, token: "1:x", chat: "7"}"#,
        "pushover": "{type: pushover, token: azGDORePK8gMaC0QOYAMyEEuzJnyUi, user: uQiRzpo4DXghDmr9QzzfQu27cmVRsG}",
        "pagerduty": "{type: pagerduty, routing_key: 0123456789abcdef0123456789abcdef}",
        "mattermost": #"{type: mattermost, url: "https://chat.example.com/hooks/x"}"#,
        "google": #"{type: google_chat, url: "https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=t"}"#,
        "rocket": #"{type: rocketchat, url: "https://chat.example.com/hooks/1/x"}"#,
        "matrix": #"{type: matrix, server: "https://matrix.example.com", token: syt_x, room: "!a:example.com"}"#,
        "ntfy": #"{type: ntfy, server: "https://ntfy.example.com", topic: alerts-7f3k}"#,
        "zulip": #"{type: zulip, server: "https://z.example.com", email: b@z.example.com, api_key: x, stream: a, topic: t}"#,
        "gotify": #"{type: gotify, server: "https://g.example.com", token: x}"#,
        "webhook": #"{type: webhook, url: "https://h.example.com/x"}"#,
        "mail": #"{type: email, server: "smtps://smtp.example.com", from: r@example.com, to: [o@example.com]}"#,
        "console": "{type: console}", "file": "{type: file, folder: out}",
    ]

    private static let names = destinations.keys.sorted()
    private static let workaday = Duration.seconds(600)

    @Test func `nothing is lost, each trouble is told once and once when it is over, and the log stays short`() async throws {
        let entries = Self.destinations.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" } + ["boss: {type: console}"]
        let house = try await House(House.file(destinations: entries.joined(separator: ", "), routes: "", rest: "health_to: [boss]"))
        let start = house.clock.now
        var owed = 0
        for hour in 0..<24 {
            let name = Self.names[hour % Self.names.count], trouble = Trouble.allCases[hour % Trouble.allCases.count]
            begin(trouble, at: house.channel(name))
            let end = start + .hours(hour + 1)
            while house.clock.now < end {
                for destination in Self.names {
                    try await house.owe("\(owed)-\(destination)", priority: owed % 7 == 0 ? .high : .normal, to: destination)
                }
                owed += 1
                try await work(house, for: Self.workaday)
            }
            try await finish(trouble, name, house)
            if ProcessInfo.processInfo.environment["DAY_LOG"] != nil {
                FileHandle.standardError.write(Data("hour \(hour): \(name) \(trouble) \(house.clock.now)\n".utf8))
            }
        }
        for _ in 0..<12 { try await work(house, for: .minutes(10)) }
        try await judge(house, owed: owed)
    }

    private func begin(_ trouble: Trouble, at channel: ScriptedChannel) {
        switch trouble {
        case .page: channel.succeeds(with: .page)
        case .trimmings: channel.answer { $0.isPlain ? nil : .trimmings }
        default: channel.always(trouble.verdict)
        }
    }

    /// Ends a trouble. A person opens what is closed and retries what is dead.
    private func finish(_ trouble: Trouble, _ name: String, _ house: House) async throws {
        house.channel(name).always(nil)
        if trouble.report?.topic == "closed" { await (try await house.lane(name)).open() }
        _ = try await house.asCommand().retry(.destination(name))
    }

    /// Lets lanes and housekeeping work, five minutes at a time.
    private func work(_ house: House, for duration: Duration) async throws {
        let end = house.clock.now + duration
        while house.clock.now < end {
            let lanes = await house.relay.laneRegistry.lanes
            await drain(lanes, house.clock)
            let housekeeping = await house.relay.housekeeping
            await housekeeping.turn.take(housekeeping)
            if house.clock.now < end { house.clock.advance(by: min(.minutes(5), house.clock.now.duration(to: end))) }
        }
    }

    /// Drains all lanes, while the clock moves on whenever one of them waits for it.
    private func drain(_ lanes: [Lane], _ clock: ManualClock) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await withDiscardingTaskGroup { drains in for lane in lanes { drains.addTask { await lane.drain() } } }
            }
            group.addTask {
                while !Task.isCancelled {
                    try? await ContinuousClock().sleep(for: .milliseconds(2))
                    if let next = clock.nextDeadline { clock.advance(by: max(.zero, clock.now.duration(to: next))) }
                }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func judge(_ house: House, owed: Int) async throws {
        for destination in Self.names {
            let told = house.channel(destination).names.filter { $0.hasSuffix("-\(destination)") }
            #expect(
                told.count == owed && Set(told).count == owed,
                "\(destination): \(told.count) of \(owed), \(told.count - Set(told).count) twice")
        }
        for (hour, name) in (0..<24).map({ ($0, Self.names[$0 % Self.names.count]) }) {
            guard let (topic, ends) = Trouble.allCases[hour % Trouble.allCases.count].report else { continue }
            let said = try await house.said(topic).filter { $0.hasPrefix(name) }
            let troubles = (0..<24).filter { Self.names[$0 % Self.names.count] == name }.compactMap {
                Trouble.allCases[$0 % 10].report?.topic
            }
            let expected = troubles.filter { $0 == topic }.flatMap { _ in ends ? [name, "\(name) over"] : [name] }
            #expect(said == expected, "hour \(hour), \(name): \(topic)")
        }
        let told = house.channel("boss").ids
        #expect(Set(told).count == told.count)
        let lines = house.book.lines.filter { line in ["notice:", "warning:", "error:", "critical:"].contains { line.hasPrefix($0) } }
        #expect(lines.count < 200, "\(lines.count) lines")
        if let file = ProcessInfo.processInfo.environment["DAY_LOG"] {
            try Data((lines + ["--- told to boss:"] + told).joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: file))
        }
        print("day: \(owed) messages to each of \(Self.names.count) destinations, \(lines.count) lines, \(told.count) reports")
    }
}
