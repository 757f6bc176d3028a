import ArgumentParser
import Dedup
import Policy
import RelayCore
import RelaySupport

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What is owed, oldest first; lanes, feeds, and what is dead.")

    @OptionGroup var file: ConfigurationOption
    @Flag(help: "For programs.") var json = false

    func run() async throws {
        let part = try file.loadPart()
        let ledger = try file.openLedger(part.configuration)
        defer { ledger.end() }
        let feeds = try await ledger.feeds(account: nil)
        var late: [Expectation] = []
        for account in Set(feeds.map(\.account)).sorted() {
            late += try await ledger.expectations(account: account).filter { $0.state == .open }
        }
        let status = Status(
            overview: try await ledger.overview(), lanes: try await ledger.lanes(), feeds: feeds,
            gaps: try await ledger.gaps(account: nil),
            windows: try await ledger.openWindows(), unrouted: try await ledger.unrouted(amongNewest: Status.newest),
            late: late, leader: try await ledger.leader(), known: part.destinations, accounts: part.accounts,
            now: SystemClock().now)
        if json { Terminal.say(json: status.json) } else { Terminal.say(status.text) }
    }
}

/// Everything that `status` shows. It comes from the store alone, so it works whether or not the daemon runs.
struct Status {
    var overview: Overview
    var lanes: [LaneRecord]
    var feeds: [FeedState]
    /// The parts of lists that were not read yet.
    var gaps: [Gap] = []
    /// The open windows, each with the number of events in it.
    var windows: [(window: Window, count: Int)] = []
    /// How many of the `newest` events matched no route.
    var unrouted: Int
    static let newest = 10_000
    /// The expectations that are due and have not happened.
    var late: [Expectation] = []
    /// The relay that leads, or that led last; nil if none ever did.
    var leader: Leader?
    /// The names of the destinations in the configuration; nil if it could not be read.
    var known: [String]?
    /// The names of the accounts in the configuration; nil if it could not be read.
    var accounts: [String]?
    var now: Timestamp

    private var names: [String] {
        let known = known ?? lanes.map(\.destination).sorted()
        return known + overview.destinations.map(\.name).filter { !known.contains($0) }.sorted()
    }

    private func lane(_ name: String) -> LaneRecord? { lanes.first { $0.destination == name } }

    private func laneWord(_ name: String) -> String { (lane(name)?.state(at: now) ?? .open).rawValue }

    private func until(_ name: String) -> String? {
        guard let lane = lane(name), lane.state(at: now) != .open else { return nil }
        return lane.until?.description
    }

    private func entry(_ name: String) -> (owed: Int, dead: Int, oldest: Int64?) {
        let entry = overview.destinations.first { $0.name == name }
        return (entry?.owed ?? 0, entry?.dead ?? 0, entry?.oldestOwed.map { max(0, $0.duration(to: now).components.seconds) })
    }

    var json: JSONValue {
        [
            "owed": .int(overview.owed),
            "leader": leader.map {
                ["epoch": .int($0.epoch), "holder": .string($0.holder), "since": .string($0.since.description)]
            } ?? .null,
            "oldest_owed_seconds": overview.oldestOwed.map { .int(max(0, $0.duration(to: now).components.seconds)) } ?? .null,
            "destinations": .array(names.map(destinationJSON)),
            "feeds": .array(
                feedRows.map { feed in
                    JSONValue.object(
                        feed.delayJSON.merging(
                            [
                                "account": .string(feed.account), "feed": .string(feed.name),
                                "age_seconds": feed.lastReadAt.map { .int(max(0, $0.duration(to: now).components.seconds)) } ?? .null,
                                "saturated": .bool(feed.saturated), "gaps": .int(gaps(of: feed).count),
                            ], uniquingKeysWith: { $1 }))
                }),
            "gaps": .array(gaps.map(gapJSON)),
            "late": .array(
                late.map { late in
                    [
                        "account": .string(late.account), "automation": .string(late.automation), "name": .text(late.name),
                        "expected": .string(late.expected.rawValue), "due": .string(late.dueAt.description), "in_a_row": .int(late.inARow),
                    ]
                }),
            "dead": .array(
                overview.dead.map { dead in
                    [
                        "id": .int(dead.id), "event": .string(dead.event), "destination": .string(dead.destination),
                        "reason": .string(dead.reason), "since": .string(dead.since.description),
                    ]
                }),
        ]
    }

    private func gapJSON(_ gap: Gap) -> JSONValue {
        [
            "account": .string(gap.account), "feed": .string(gap.feed.rawValue), "automation": .text(gap.about),
            "since": .string(gap.openedAt.description), "read": .int(gap.reached), "oldest": .text(gap.oldest?.description),
        ]
    }

    private func gaps(of feed: FeedState) -> [Gap] { gaps.filter { $0.account == feed.account && $0.feed.rawValue == feed.name } }

    /// What of a feed is not seen, or not yet.
    private func part(of feed: FeedState) -> String {
        let gaps = gaps(of: feed)
        let words = gaps.isEmpty ? nil : "reading on in \(gaps.count) \(gaps.count == 1 ? "list" : "lists")"
        return [feed.saturated ? "full" : nil, words].compactMap(\.self).joined(separator: ", ")
    }

    private func destinationJSON(_ name: String) -> JSONValue {
        let (owed, dead, oldest) = entry(name)
        var members: [String: JSONValue] = [
            "name": .string(name), "lane": .string(laneWord(name)), "until": .text(until(name)),
            "owed": .int(owed), "dead": .int(dead), "oldest_owed_seconds": oldest.map { .int($0) } ?? .null,
        ]
        if let reason = lane(name)?.reason { members["reason"] = .string(reason) }
        return .object(members)
    }

    /// Names the rows that a list leaves out; empty if it shows all.
    private func more(_ count: Int) -> String { count > 0 ? "\nand \(count) more" : "" }

    /// All feeds but `account`, which only stores the time at which the account's events begin.
    /// An account of the configuration that was never read has a row that says so.
    private var feedRows: [FeedState] {
        let read = feeds.filter { $0.name != "account" }, names = Set(read.map(\.account))
        return read + (accounts ?? []).filter { !names.contains($0) }.map { FeedState(account: $0, name: "automations") }
    }

    var text: String {
        var lines = ["\(Terminal.paint("\(overview.owed) owed", .bold)), \(overview.destinations.reduce(0) { $0 + $1.dead }) dead"]
        lines.append(
            Terminal.table(
                [["DESTINATION", "LANE", "OWED", "OLDEST", "DEAD", ""]]
                    + names.map { name in
                        let (owed, dead, oldest) = entry(name)
                        let isKnown = known?.contains(name) ?? true
                        let note = isKnown ? lane(name)?.reason ?? "" : "not in the configuration: its debts are kept"
                        return [
                            name, laneWord(name) + (until(name).map { " until \($0)" } ?? ""), String(owed),
                            oldest.map { Duration.seconds($0).spoken } ?? "-", String(dead), note,
                        ]
                    }))
        lines.append(
            Terminal.table(
                [["ACCOUNT", "FEED", "LAST READ", "SEEN AFTER", ""]]
                    + feedRows.map { feed in
                        let age = feed.lastReadAt.map { "\($0.duration(to: now).spoken) ago" } ?? "never"
                        return [feed.account, feed.name, age, feed.delayText, part(of: feed)]
                    }))
        if let leader { lines.append("led by \(leader.holder) since \(leader.since) (epoch \(leader.epoch))") }
        if !late.isEmpty {
            let rows = late.map { late in
                [late.name ?? late.automation, late.account, late.expected.rawValue, late.dueAt.description, String(late.inARow)]
            }
            lines.append(Terminal.table([["LATE", "ACCOUNT", "EXPECTED", "DUE", "IN A ROW"]] + rows))
        }
        if !windows.isEmpty {
            let rows = windows.map { window, count in
                [window.shown.kind, window.shown.name, window.destination, String(count), window.closesAt.description]
            }
            lines.append(Terminal.table([["GATHERING", "NAME", "DESTINATION", "EVENTS", "CLOSES"]] + rows))
        }
        if unrouted > 0 { lines.append("\(unrouted) of the newest \(Self.newest) events are unrouted: kept, told to nobody") }
        if !overview.owedDeliveries.isEmpty {
            let rows = overview.owedDeliveries.map { owed in
                [String(owed.id), owed.event, owed.destination, owed.dueAt.description, owed.heldFor?.rawValue ?? ""]
            }
            lines.append(Terminal.table([["OWED", "EVENT", "DESTINATION", "DUE", "HELD FOR"]] + rows) + more(overview.owed - rows.count))
        }
        if !overview.dead.isEmpty {
            let rows = overview.dead.map { [String($0.id), $0.event, $0.destination, $0.since.description, $0.reason] }
            let dead = overview.destinations.reduce(0) { $0 + $1.dead }
            lines.append(Terminal.table([["DEAD", "EVENT", "DESTINATION", "SINCE", "REASON"]] + rows) + more(dead - rows.count))
        }
        return lines.joined(separator: "\n\n")
    }
}
