import Dedup
import RelayCore
import RelaySupport

/// The page at `/`: tables of what is wrong, of lanes with what they owe, of feeds and of dead deliveries, without script.
struct StatusPage {
    var overview: Overview
    /// The destinations of the configuration. A destination that is not in it any more is shown while it is owed deliveries.
    var known: [String]
    var lanes: [LaneRecord]
    var feeds: [(account: String, feed: String, age: Duration, saturated: Bool)]
    var troubles: [SelfReport.Trouble]
    var readiness: Readiness
    var version: String
    var now: Timestamp

    var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex"><meta http-equiv="refresh" content="10"><title>NotifyRelay</title>
        <style>\(Self.style)</style></head><body>
        <h1>NotifyRelay</h1><p class="\(readiness.isReady ? "good" : "bad")">\(readiness.isReady ? "Ready" : "Not ready")</p>
        \(table("What is wrong", ["since", "what"], wrongRows))
        \(table("Destinations", ["destination", "lane", "owed", "oldest owed", "dead", "why"], destinationRows))
        \(table("Feeds", ["account", "feed", "last read", "list"], feedRows))
        \(table("Dead", ["delivery", "event", "destination", "reason", "since"], deadRows))
        <p class="small">version \(escaped(version)) · \(now)</p></body></html>
        """
    }

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
        feeds.map { [$0.account, $0.feed, "\($0.age.spoken) ago", $0.saturated ? "full" : ""] }
    }

    private var deadRows: [[String]] {
        overview.dead.prefix(100).map { [String($0.id), $0.event, $0.destination, $0.reason, $0.since.description] }
    }

    private func table(_ title: String, _ head: [String], _ rows: [[String]]) -> String {
        guard !rows.isEmpty else { return "<h2>\(title)</h2><p class=\"small\">nothing</p>" }
        let header = head.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
        let body = rows.map { "<tr>" + $0.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>" }.joined(separator: "\n")
        return "<h2>\(title)</h2><table><thead><tr>\(header)</tr></thead><tbody>\(body)</tbody></table>"
    }

    private func escaped(_ text: String) -> String { Dialect.html.escape(text) }

    static let style = """
        body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c2430;background:#fff}
        table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d9dee5;
        overflow-wrap:anywhere}h2{margin-top:1.6rem;font-size:1.05rem}.good{color:#176b3a}.bad{color:#a3261b;font-weight:600}
        .small{color:#5a6675;font-size:.85rem}
        @media(prefers-color-scheme:dark){body{color:#e3e7ec;background:#14181d}th,td{border-color:#343c46}.good{color:#6fd39a}
        .bad{color:#ff8d80}.small{color:#97a3b1}}
        """
}
