import Dedup
import Pages
import Policy
import RelayCore
import RelaySupport

/// One automation: its runs by day, its last runs, its failures by kind of error, and what is expected of it.
struct AutomationPage: Sendable {
    let automation: DeskReader.OneAutomation
    let parts: DeskParts
    let today: Int64
    /// The mark of the forms of an operator; nil for everybody else.
    var csrf: String?
    /// What came of an act; nil if the page was only opened.
    var outcome: String?

    var page: DeskPage {
        let name = automation.name ?? automation.key.automation
        let muted: Markup? = automation.mute.map { "<p class=\"say\">It is muted until \(parts.time($0.until)).</p>" }
        return DeskPage(
            title: name, said: outcome.map { DeskParts.said("\($0)") },
            content: """
                <h1>\(name)</h1><p class="small">\(automation.key.account) · \(automation.key.automation)</p>\(muted)\(acts)
                <section aria-labelledby="days"><h2 id="days">Runs of \(DeskReader.daysOfAutomation) days</h2>
                \(DayBarsChart(days: automation.days, today: today, count: DeskReader.daysOfAutomation).large)</section>
                \(durations)<div class="grid">\(errors)\(expected)</div>\(runs)
                """, place: nil, isLive: true)
    }

    private var acts: Markup? {
        guard let csrf else { return nil }
        let choices = [("1h", "one hour"), ("8h", "eight hours"), ("1d", "a day"), ("7d", "a week")].map {
            "<option value=\"\($0.0)\">\($0.1)</option>" as Markup
        }
        let mute: Markup = """
            <label for="for">Mute it for</label> <select id="for" name="for">\(choices)</select> <button name="act" value="mute">Mute</button>
            """
        let button: Markup = automation.mute == nil ? mute : "<button name=\"act\" value=\"unmute\">Hear it again</button>"
        return """
            <section aria-label="Act"><form method="post"><input type="hidden" name="csrf" value="\(csrf)"><p class="buttons">\(button)</p></form></section>
            """
    }

    private var finished: [(event: Event, run: RunDetail)] {
        automation.runs.compactMap { event in if case .run(let run) = event.payload.detail { (event, run) } else { nil } }
    }

    /// How long the last runs took, the newest on the right.
    private var durations: Markup? {
        let known = finished.reversed().compactMap { entry in entry.run.milliseconds.map { (entry.run.outcome, $0) } }
        guard known.count > 1, let most = known.map(\.1).max(), most > 0 else { return nil }
        let width = 440.0, step = width / Double(known.count)
        let bars = known.enumerated().map { index, entry -> Markup in
            let high = max(1.5, Double(entry.1) / Double(most) * 60)
            return """
                <rect class="\(entry.0 == .failed ? "b1" : "b0")" x="\(Int(Double(index) * step))" y="\(Int(60 - high))" \
                width="\(max(1, Int(step) - 1))" height="\(Int(high.rounded(.up)))"></rect>
                """
        }
        let longest = Duration.milliseconds(most).spoken
        return """
            <section aria-labelledby="took"><h2 id="took">How long the last \(known.count) took</h2>
            <svg viewBox="0 0 440 60" preserveAspectRatio="none" role="img" aria-label="The longest of the last \(known.count) runs took \(longest)">\(bars)</svg>
            <p class="small">The longest took \(longest). The table of runs below has each.</p></section>
            """
    }

    private var errors: Markup {
        var kinds: [String: (count: Int, last: String)] = [:]
        for (_, run) in finished.reversed() {
            guard let error = run.error, run.outcome == .failed else { continue }
            let kind = ErrorFingerprint.mask(error)
            kinds[kind] = ((kinds[kind]?.count ?? 0) + 1, error)
        }
        let rows = kinds.values.sorted { ($1.count, $0.last) < ($0.count, $1.last) }.prefix(10).map { kind -> Markup in
            "<p>\(DeskParts.tag("\(kind.count) x", .bad)) <span class=\"small\">of the last runs</span></p><p class=\"quote small\">\(kind.last.oneLine(most: 300))</p>"
        }
        return DeskParts.section("Failures by kind", id: "errors", empty: "None of its last runs failed with an error.", Array(rows))
    }

    private var expected: Markup {
        let rows = automation.expectations.map { expectation -> Markup in
            let tone: DeskParts.Tone =
                switch expectation.state {
                case .open, .replaced: .bad
                case .met: .good
                case .waiting, .late, .forgotten: .plain
                }
            return
                "<p>\(expectation.expected.rawValue) \(DeskParts.tag(expectation.deskWord, tone))</p><p class=\"small\">due \(parts.ago(expectation.dueAt))</p>"
        }
        return DeskParts.section(
            "Expected", id: "expected",
            empty: "Nothing is expected of it. expect: in the configuration says what must start, end or succeed.",
            rows)
    }

    private var runs: Markup {
        let rows = finished.map { event, run -> [Markup] in
            [
                parts.time(event.occurredAt), DeskParts.tag(run.outcome.rawValue, run.outcome == .failed ? .bad : .good),
                "\(run.milliseconds.map { Duration.milliseconds($0).spoken } ?? "")",
                "<a href=\"\(DeskPath.event(event.id))\">\((run.error ?? run.summary ?? "more").oneLine(most: 120))</a>",
            ]
        }
        let table =
            rows.isEmpty
            ? "<p class=\"empty\">No run has ended yet.</p>" : DeskParts.table("Runs", ["ended", "outcome", "took", "said"], rows)
        return "<section aria-labelledby=\"runs\"><h2 id=\"runs\">The last runs</h2>\(table)</section>"
    }
}

extension Expectation {
    /// Its state in a word for people.
    var deskWord: String {
        switch state {
        case .waiting: "waiting"
        case .open: "late"
        case .met: "in time"
        case .late: "late, then done"
        case .replaced: "never"
        case .forgotten: "no longer expected"
        }
    }
}
