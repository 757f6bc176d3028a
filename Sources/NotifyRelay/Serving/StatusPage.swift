import Dedup
import Pages
import RelayCore
import RelaySupport

/// The page at `/`: tables of what is wrong, of lanes with what they owe, of feeds and of dead deliveries. It works without script.
struct StatusPage {
    var overview: Overview
    /// The destinations of the configuration. A destination that is not in it any more is shown while it is owed deliveries.
    var known: [String]
    var lanes: [LaneRecord]
    var feeds: [(account: String, feed: String, age: Duration, saturated: Bool, gaps: Int)]
    var troubles: [SelfReport.Trouble]
    var readiness: Readiness
    var version: String
    var now: Timestamp

    var shell: PageShell {
        var shell = PageShell(title: "NotifyRelay", style: .inline(.status), body: content)
        shell.robots = .noIndex
        shell.refreshSeconds = 10
        return shell
    }

    private var content: Markup {
        """

        <h1>NotifyRelay</h1><p class="\(readiness.isWell ? "good" : "bad")">\(heading)</p>
        \(table("What is wrong", ["since", "what"], wrongRows))
        \(table("Destinations", ["destination", "lane", "owed", "oldest owed", "dead", "why"], destinationRows))
        \(table("Feeds", ["account", "feed", "last read", "list"], feedRows))
        \(table("Dead", ["delivery", "event", "destination", "reason", "since"], deadRows))
        <p class="small">version \(version) · \(now.description)</p>
        """
    }

    private var heading: String { readiness.isWell ? "Well" : readiness.isReady ? "Ready, but not well" : "Not ready" }

    private var wrongRows: [[String]] {
        readiness.wrong.sorted { $0.key < $1.key }.map { ["now", "\($0.key): \($0.value)"] }
            + troubles.map { [$0.began.description, $0.detail] }
    }

    private var destinationRows: [[String]] {
        let lanes = Dictionary(lanes.map { ($0.destination, $0) }, uniquingKeysWith: { $1 })
        let entries = Dictionary(overview.destinations.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        let others = overview.destinations.map(\.name).filter { !known.contains($0) }
        return (known + others).map { name in
            let entry = entries[name]
            let lane = lanes[name]
            return [
                name, (lane?.state(at: now) ?? .open).rawValue, String(entry?.owed ?? 0),
                entry?.oldestOwed.map { $0.duration(to: now).spoken } ?? "", String(entry?.dead ?? 0), lane?.reason ?? "",
            ]
        }
    }

    private var feedRows: [[String]] {
        feeds.map { [$0.account, $0.feed, "\($0.age.spoken) ago", ($0.saturated ? "full" : "") + ($0.gaps > 0 ? " reading on" : "")] }
    }

    private var deadRows: [[String]] {
        overview.dead.prefix(100).map { [String($0.id), $0.event, $0.destination, $0.reason, $0.since.description] }
    }

    private func table(_ title: String, _ head: [String], _ rows: [[String]]) -> Markup {
        guard !rows.isEmpty else { return "<h2>\(title)</h2><p class=\"small\">nothing</p>" }
        let header = head.map { "<th scope=\"col\">\($0)</th>" as Markup }
        let body = rows.map { "<tr>\($0.map { "<td>\($0)</td>" as Markup })</tr>" as Markup }
        return
            "<h2>\(title)</h2><div class=\"wide\"><table><thead><tr>\(header)</tr></thead><tbody>\(Markup(body, separator: "\n"))</tbody></table></div>"
    }
}
