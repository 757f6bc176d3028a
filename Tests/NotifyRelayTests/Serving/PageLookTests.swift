import Pages
import RelayCore
import RelayTesting
import Testing

@testable import Dedup
@testable import NotifyRelay

/// The pages of the relay, byte by byte. Every text that comes from outside has the characters that HTML escapes.
struct PageLookTests {
    private static let hostile = "<script>alert(\"x\")</script> & 'y'"
    private static let now = Timestamp(seconds: 1_795_510_800)

    private var facts: DecisionFacts {
        DecisionFacts(
            action: "Refund \(Self.hostile)", lines: ["amount: 12 EUR", Self.hostile],
            rows: [("Automation", Self.hostile), ("Account", "live")], link: "https://app.example/?a=1&b=\"2\"", isStaging: true,
            asOf: Self.now)
    }

    private func open() -> DecisionPage {
        var page = DecisionPage(status: 200, title: "")
        page.facts = facts
        page.standing = .open
        page.speaker = Self.hostile
        return page
    }

    @Test func `a page that says one thing`() {
        expectGolden(DecisionPage.closed(404, "Not \(Self.hostile)", "Nothing of \(Self.hostile)").shell.html, "closed.html")
    }

    @Test func `a page with a form`() {
        var page = open()
        page.form = .init(seen: "\"><\(Self.hostile)", csrf: "'\(Self.hostile)", nonce: "n")
        expectGolden(page.shell.html, "form.html")
    }

    @Test func `a page on which several people vote`() {
        var page = open()
        page.peopleNeeded = 2
        page.votes = [Vote(person: "Ann", at: Self.now), Vote(person: Self.hostile, at: Self.now)]
        page.outcome = DecisionOutcome(kind: .waiting, text: "your vote counts, \(Self.hostile)")
        page.form = .init(seen: "s", csrf: "c", nonce: "n")
        expectGolden(page.shell.html, "votes.html")
    }

    @Test func `a page on which one may not decide`() {
        var page = open()
        page.whyNot = "only \(Self.hostile) may decide"
        page.outcome = DecisionOutcome(kind: .denied, text: "you may not")
        expectGolden(page.shell.html, "denied.html")
    }

    @Test func `a page whose answer is on its way`() {
        var page = open()
        page.standing = .onItsWay(actor: Self.hostile, choice: .approve, wasCalled: false)
        expectGolden(page.shell.html, "on-its-way.html")
    }

    @Test func `a page of what is over`() {
        var page = open()
        page.standing = .over(state: "rejected", actor: Self.hostile, reason: "since \(Self.hostile)")
        expectGolden(page.shell.html, "over.html")
    }

    @Test func `the desk with everything that can be ill`() {
        let status = RelayStatus(
            overview: Overview(
                owed: 3, oldestOwed: Self.now - .seconds(90),
                destinations: [
                    .init(name: Self.hostile, owed: 2, dead: 1, oldestOwed: Self.now - .seconds(90)),
                    .init(name: "gone", owed: 1, dead: 0, oldestOwed: Self.now - .seconds(5)),
                ],
                dead: [
                    .init(id: 7, event: "run/\(Self.hostile)", destination: "ops", reason: "HTTP 400 \(Self.hostile)", since: Self.now),
                    .init(id: 8, event: "run/2", destination: "ops", reason: "gone", since: Self.now),
                ],
                owedDeliveries: []),
            known: [Self.hostile, "ops"],
            lanes: [LaneRecord(destination: "ops", state: .closed, reason: "said \(Self.hostile)", since: Self.now, until: nil)],
            feeds: [("live \(Self.hostile)", "runs", .seconds(3), true, 2), ("live", "approvals", .seconds(1), false, 0)],
            troubles: [
                .init(topic: .init(name: "saturated", about: "live/runs", account: "live"), began: Self.now, detail: "full \(Self.hostile)")
            ],
            readiness: Readiness(wrong: ["lanes": "ops (\(Self.hostile))"]), version: "1.2 \(Self.hostile)")
        expectGolden(Self.desk(status).html, "desk.html")
    }

    /// The first page of the desk, with nothing but the relay's own state.
    private static func desk(_ status: RelayStatus) -> PageShell {
        let home = DeskReader.Home(
            waiting: [], failing: [], failingCount: 0, late: [], held: [], mutes: [Mute(automation: hostile, until: now)],
            digests: [(hostile, nil)], status: status)
        return HomePage(home: home, parts: DeskParts(now: now, zone: .utc), today: 20_000, csrf: nil).page
            .shell(reader: hostile, signOut: "mark")
    }

    private var emptyStatus: RelayStatus {
        RelayStatus(
            overview: Overview(owed: 0, oldestOwed: nil, destinations: [], dead: [], owedDeliveries: []), known: [], lanes: [], feeds: [],
            troubles: [], readiness: Readiness(), version: "1")
    }

    @Test func `the desk with nothing on it`() {
        expectGolden(Self.desk(emptyStatus).html, "desk-empty.html")
    }

    @Test func `a link that no browser should follow is not offered`() {
        var page = open()
        page.facts?.link = "javascript:alert(1)"
        #expect(!page.shell.html.contains("Open in RevKeen") && !page.shell.html.contains("javascript:"))
    }

    @Test func `what is asked keeps its line breaks`() {
        var page = open()
        page.facts?.action = "Refund 10\r00 EUR\r\nto Kim"
        #expect(page.shell.html.contains("Refund 10\n00 EUR\nto Kim"))
    }

    @Test func `a decision page may send its form to its own origin, and nothing else`() {
        #expect(
            DecisionPage.closed(404, "", "").shell.headers.map { "\($0.name): \($0.value)" } == [
                "Content-Type: text/html; charset=utf-8", "Cache-Control: no-store", "X-Content-Type-Options: nosniff",
                "Referrer-Policy: same-origin",
                "Content-Security-Policy: default-src 'none'; style-src '\(PageStyle.decision.hash)'; form-action 'self'; "
                    + "frame-ancestors 'none'; base-uri 'none'",
                "X-Robots-Tag: noindex, nofollow",
            ])
    }

    @Test func `the desk runs its own script only, and may send forms to its own origin only`() {
        #expect(
            Self.desk(emptyStatus).headers.map { "\($0.name): \($0.value)" } == [
                "Content-Type: text/html; charset=utf-8", "Cache-Control: no-store", "X-Content-Type-Options: nosniff",
                "Referrer-Policy: same-origin",
                "Content-Security-Policy: default-src 'none'; style-src '\(PageStyle.desk.hash)'; script-src 'self'; connect-src 'self'; "
                    + "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
                "X-Robots-Tag: noindex, nofollow",
            ])
    }
}
