import Dedup
import Pages
import Policy
import RelayCore
import RelaySupport

/// What waits, what fails, what is late, what is ill and what is held.
struct HomePage: Sendable {
    let home: DeskReader.Home
    let parts: DeskParts
    let today: Int64
    /// The mark of the form that decides several approvals; nil where nobody decides.
    let csrf: String?
    /// The pages of the approvals that the reader may decide.
    var decidable: Set<String> = []

    var page: DeskPage {
        DeskPage(title: headline, content: content, place: .desk, isLive: true)
    }

    private var content: Markup {
        """
        <h1 id="headline">\(headline)</h1>
        \(waiting)<div class="grid">\(failing)\(late)\(ill)\(held)</div>
        \(destinations)
        """
    }

    private var headline: String {
        let counts = [
            (home.waiting.count, "waits", "wait"), (home.failingCount, "fails", "fail"), (home.late.count, "is late", "are late"),
            (illnesses.count, "is ill", "are ill"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.0 == 1 ? $0.1 : $0.2)" }
        return counts.isEmpty ? "Nothing waits, fails, is late or ill" : counts.joined(separator: ", ")
    }

    private var waiting: Markup {
        let shown = home.waiting.prefix(DeskReader.mostWaiting), canPick = csrf != nil && decidable.count > 1
        let rows = shown.map {
            ApprovalLine(row: $0, parts: parts, isPicked: canPick && decidable.contains($0.page), answer: home.answers[$0.id]).markup
        }
        let more: Markup? = home.waiting.count > shown.count ? "<p><a href=\"/approvals\">All \(home.waiting.count)</a></p>" : nil
        let fields: Markup? = canPick ? csrf.map { DecideFields.several(csrf: $0) } : nil
        let section = DeskParts.section(
            "Waiting for a decision", count: home.waiting.count, id: "waiting",
            empty: "Nothing waits. A request for approval appears here as soon as RevKeen shows it.", rows, after: "\(more)\(fields)")
        return fields == nil ? section : "<form method=\"post\" action=\"/approvals\">\(section)</form>"
    }

    private var failing: Markup {
        let rows = home.failing.map { automation, days -> Markup in
            let name = automation.last.payload.origin.automation ?? automation.key.automation
            var error: Markup?
            if case .run(let run) = automation.last.payload.detail, let text = run.error {
                error = "<p class=\"quote small\">\(text.oneLine(most: 200))</p>"
            }
            return """
                <p><a href="\(DeskPath.automation(automation.key.account, automation.key.automation))">\(name)</a> \
                \(DeskParts.tag(automation.streak == 1 ? "failed" : "failed \(automation.streak) x", .bad))</p>
                \(error)<p class="small">since \(parts.ago(automation.since))</p>
                \(DayBarsChart(days: days, today: today, count: DeskReader.days).small)
                """
        }
        let more: Markup? = home.failingCount > rows.count ? "<p class=\"small\">and \(home.failingCount - rows.count) more</p>" : nil
        return DeskParts.section(
            "Failing now", count: home.failingCount, id: "failing",
            empty: "Nothing fails. An automation whose last run failed appears here until it succeeds.", rows, after: more)
    }

    private var late: Markup {
        let rows = home.late.map { expectation -> Markup in
            """
            <p><a href="\(DeskPath.automation(expectation.account, expectation.automation))">\(expectation.name ?? expectation.automation)</a> \
            \(expectation.expected.missing)</p><p class="small">it was due \(parts.ago(expectation.dueAt))\
            \(expectation.inARow > 1 ? ", number \(expectation.inARow) in a row" : "")</p>
            """
        }
        return DeskParts.section(
            "Late", count: home.late.count, id: "late",
            empty: "Nothing is late. expect: in the configuration says what must start, end or succeed in time.", rows)
    }

    private var ill: Markup {
        let rows = illnesses
        return DeskParts.section(
            "Ill", count: rows.count, id: "ill", empty: "Every account is read and every destination takes its messages.", rows)
    }

    /// An entry for each thing that does not work.
    private var illnesses: [Markup] {
        let status = home.status
        let lanes = status.lanes.filter { $0.state(at: parts.now) != .open }
        let dead = status.overview.destinations.filter { $0.dead > 0 }
        var rows = status.readiness.wrong.sorted { $0.key < $1.key }.map { "<p>\($0.key): \($0.value)</p>" as Markup }
        // A destination with dead messages has its own entry below, with the present count.
        let named = Set(dead.map(\.name)), troubles = status.troubles.filter { !$0.topic.isOfDead || !named.contains($0.topic.about) }
        rows += troubles.map { "<p>\($0.detail)</p><p class=\"small\">since \(parts.ago($0.began))</p>" as Markup }
        rows += lanes.map { lane in
            "<p><a href=\"\(DeskPath.destination(lane.destination))\">\(lane.destination)</a> \(DeskParts.tag(lane.state(at: parts.now).rawValue, .bad)) \(lane.reason ?? "")</p>"
        }
        rows += dead.map { "<p><a href=\"\(DeskPath.destination($0.name))\">\($0.name)</a> \(DeskParts.tag("\($0.dead) dead", .bad))</p>" }
        return rows
    }

    private var held: Markup {
        var rows = home.held.map { window, count -> Markup in
            let place = window.destination.isEmpty ? window.name : window.destination
            return
                "<p>\(place): \(count) \(count == 1 ? "event" : "events"), \(window.kind.words)</p><p class=\"small\">until \(parts.ago(window.closesAt))</p>"
        }
        rows += home.mutes.map {
            "<p>\(home.names[$0.automation] ?? $0.automation) is muted</p><p class=\"small\">until \(parts.ago($0.until))</p>" as Markup
        }
        rows += home.digests.map { name, closes in
            "<p><a href=\"\(DeskPath.digest(name))\">\(name)</a>, the next digest</p><p class=\"small\">\(closes.map { parts.ago($0) } ?? "never")</p>"
        }
        return DeskParts.section(
            "Held", count: rows.count, id: "held", empty: "Nothing is held by quiet hours, mutes, ceilings or digests.", rows)
    }

    private var destinations: Markup {
        let status = home.status
        let lanes = Dictionary(status.lanes.map { ($0.destination, $0) }, uniquingKeysWith: { $1 })
        let entries = Dictionary(status.overview.destinations.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        let names = status.known + status.overview.destinations.map(\.name).filter { !status.known.contains($0) }
        let rows = names.map { name -> [Markup] in
            let entry = entries[name], state = (lanes[name]?.state(at: parts.now) ?? .open).rawValue
            return [
                "<a href=\"\(DeskPath.destination(name))\">\(name)</a>", DeskParts.tag(state, state == "open" ? .good : .bad),
                "\(entry?.owed ?? 0)", entry?.oldestOwed.map(parts.ago) ?? "", "\(entry?.dead ?? 0)",
            ]
        }
        let state =
            status.readiness.isWell
            ? (status.readiness.isStandby ? "stands by" : "well") : status.readiness.isReady ? "ready, but not well" : "not ready"
        let feeds = status.feeds.map { feed -> [Markup] in
            [
                "\(feed.account)", "\(feed.feed)", "<span class=\"age\">\(feed.age.spoken) ago</span>",
                "\((feed.saturated ? "full " : "") + (feed.gaps > 0 ? "reading on" : ""))",
            ]
        }
        let leader: Markup? = status.leader.map { " · led by \($0.holder) since \(parts.ago($0.since)), epoch \($0.epoch)" }
        return """
            <section aria-labelledby="destinations"><h2 id="destinations">Destinations</h2>
            \(DeskParts.table("Destinations", ["destination", "lane", "owed", "oldest owed", "dead"], rows))</section>
            <section aria-labelledby="feeds"><h2 id="feeds">What is read</h2>
            \(DeskParts.table("What is read", ["account", "feed", "last read", "list"], feeds))
            <p class="small">version \(status.version) · \(state)\(leader)</p></section>
            """
    }
}

extension WindowKind {
    /// Why events wait.
    var words: String {
        switch self {
        case .digest: "gathered for a digest"
        case .quiet: "held in quiet hours"
        case .mute: "held while muted"
        case .catchUp: "late, as one message"
        case .storm: "more like one that was told"
        case .ceiling: "above the ceiling"
        }
    }
}
