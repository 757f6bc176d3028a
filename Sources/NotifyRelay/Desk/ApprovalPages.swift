import Dedup
import Pages
import Policy
import RelayCore
import RelaySupport

/// The list of approvals.
struct ApprovalListPage: Sendable {
    let list: Page<ApprovalRow>
    let parts: DeskParts
    /// `waiting`, `over` or `all`.
    let state: String
    /// The mark of the form that decides several; nil where nobody decides.
    let csrf: String?
    /// The pages of the approvals that the reader may decide.
    var decidable: Set<String> = []
    /// The answers that are on their way, by the id of their approval.
    var answers: [String: Answer] = [:]
    /// What became of those that were decided together.
    var outcomes: [(action: String, outcome: DecisionOutcome)] = []
    /// The reason that was typed for decisions that did not all take place; it is not to be typed again.
    var typed = ""

    var page: DeskPage {
        let tabs = ["waiting", "over", "all"].map { name -> Markup in
            let current: Markup? = name == state ? " aria-current=\"true\"" : nil
            return "<a class=\"button\" href=\"/approvals?state=\(name)\"\(current)>\(name.prefix(1).uppercased() + name.dropFirst())</a> "
        }
        let canPick = csrf != nil && decidable.count > 1
        let rows = list.items.map {
            ApprovalLine(row: $0, parts: parts, isPicked: canPick && decidable.contains($0.page), answer: answers[$0.id]).markup
        }
        let more: Markup? = list.next.map { "<p><a href=\"/approvals?state=\(state)&amp;before=\(Int($0))\">Earlier ones</a></p>" }
        let fields: Markup? = canPick ? csrf.map { DecideFields.several(csrf: $0, typed: typed) } : nil
        let section = DeskParts.section(
            "Approvals", id: "list", empty: "There are none. A request for approval appears here as soon as RevKeen shows it.", rows,
            after: "\(more)\(fields)")
        let body: Markup = canPick ? "<form method=\"post\" action=\"/approvals\">\(section)</form>" : section
        let said = outcomes.map { DeskParts.said("\($0.action.oneLine(most: 120)): \($0.outcome.text)", isGood: $0.outcome.isGood) }
        return DeskPage(
            title: "Approvals", said: Markup(said), content: "<h1>Approvals</h1><p>\(tabs)</p>\(body)", place: .approvals,
            isLive: state != "over" && list.next == nil)
    }
}

/// One approval: what is asked, how it stands, its history, its messages and the form to decide.
struct ApprovalPage: Sendable {
    let view: ApprovalView
    let standing: Standing
    let events: [Event]
    let deliveries: [ThreadDelivery]
    let audit: [AuditEntry]
    let parts: DeskParts
    /// The name of the reader; nil where nobody decides.
    let reader: String?
    let csrf: String?
    var outcome: DecisionOutcome?
    /// The reason that was typed for a decision that did not take place; it is not to be typed again.
    var typed = ""

    var page: DeskPage {
        DeskPage(
            status: outcome?.kind == .unwritten ? 503 : 200, title: view.facts.action.oneLine(most: 80), said: said, content: content,
            place: .approvals, isLive: true)
    }

    /// What came of a decision. Where it took place, the page itself says so.
    private var said: Markup? {
        guard let outcome, outcome.kind != .done || outcome.storeFault != nil else { return nil }
        return DeskParts.said("\(outcome.text.sentence).", isGood: outcome.isGood)
    }

    private var content: Markup {
        "<h1>\(heading)</h1>\(facts)\(decide)<div class=\"grid\">\(history)\(messages)</div>"
    }

    private var heading: String {
        switch standing {
        case .open: "Approval needed"
        case .onItsWay: "On its way"
        case .over(let state, _, _): "Approval \(state)"
        }
    }

    private var facts: Markup {
        let facts = view.facts
        let lines = facts.lines.map { "<li>\($0)</li>" as Markup }
        let rows = facts.rows.map { row -> Markup in
            let varies: Markup? = row.name == DecisionFacts.waiting ? " class=\"age\"" : nil
            return "<dt>\(row.name)</dt><dd\(varies)>\(row.value)</dd>"
        }
        let cut: Markup? = facts.cutBytes.map {
            "<p class=\"wait\">\($0) bytes of this request are too large for this page. Read them in RevKeen.</p>"
        }
        let link: Markup? = facts.link.flatMap(safeLink).map { "<p><a href=\"\($0)\" rel=\"noreferrer noopener\">Open in RevKeen</a></p>" }
        let staging: Markup? = facts.isStaging ? DeskParts.tag("staging", .wait) : nil
        return """
            <section aria-label="What is asked">\(staging)<p class="quote action">\(facts.action)</p><ul>\(lines)</ul>\(cut)<dl>\(rows)</dl>\(link)
            <p class="small">As RevKeen showed it at \(parts.readTime(facts.asOf)).</p></section>
            """
    }

    private var decide: Markup? {
        switch standing {
        case .over(let state, let actor, let reason):
            let by = actor.map { " by \($0)" } ?? "", why: Markup? = reason.map { "<br>Reason: \($0)" }
            return
                "<p role=\"status\" class=\"say\(state == ApprovalDetail.State.approved.rawValue ? " good" : "")\">It was \(state)\(by).\(why)</p>"
        case .onItsWay(let actor, let choice, let wasCalled):
            let form: Markup? = wasCalled || view.whyNot != nil ? nil : csrf.map { DecideFields.withdraw(csrf: $0) }
            let state = wasCalled ? "It was sent to RevKeen, whose response is not known yet." : "It was not sent to RevKeen yet."
            return "<section aria-label=\"Decide\"><p>\(actor) has answered “\(choice.rawValue)”. \(state)</p>\(form)</section>"
        case .open:
            let votes: Markup? =
                view.peopleNeeded > 1
                ? "<p>\(view.peopleNeeded) different people must approve; so far: \(view.votes.isEmpty ? "nobody yet" : view.votes.map(\.person).joined(separator: ", ")).</p>"
                : nil
            guard let reader, let csrf else { return votes.map { "<section>\($0)</section>" } }
            if let whyNot = view.whyNot { return "<section aria-label=\"Decide\">\(votes)<p>\(whyNot.sentence).</p></section>" }
            return
                "<section aria-label=\"Decide\">\(votes)\(DecideFields.one(csrf: csrf, seen: view.row.shownHash, reader: reader, needsReason: view.needsReason, reason: typed))</section>"
        }
    }

    private var history: Markup {
        // They are in the order in which the relay came to know them: RevKeen's clock is another one.
        var entries: [(known: Timestamp, line: Markup)] = events.map { event in
            (event.seenAt, "<p>\(Self.words(of: event))</p><p class=\"small\">\(parts.ago(event.occurredAt))</p>")
        }
        entries += audit.map { entry in
            let reason: Markup? = entry.reason.map { "<p class=\"quote small\">\($0.oneLine(most: 300))</p>" }
            return (
                entry.at,
                "<p>\(Self.words(of: entry)) <small>\(entry.via)</small></p>\(reason)<p class=\"small\">\(parts.ago(entry.at))</p>"
            )
        }
        return DeskParts.section(
            "History", id: "history", empty: "Nothing happened yet.", entries.sorted { $0.known < $1.known }.map(\.line))
    }

    private static func words(of entry: AuditEntry) -> String {
        let (who, choice) = (entry.actor, entry.choice.rawValue)
        return switch entry.state {
        case .asked: "\(who) answered “\(choice)”"
        case .taken: "RevKeen took “\(choice)” of \(who)"
        case .refused: "RevKeen refused “\(choice)” of \(who)"
        case .lost: "“\(choice)” of \(who) did not count"
        case .voted: "\(who) was for “\(choice)”, and others are needed"
        case .withdrawn: "\(who) took “\(choice)” back"
        case .denied: "\(who) tried “\(choice)”, and may not"
        }
    }

    private static func words(of event: Event) -> String {
        guard case .approval(let detail) = event.payload.detail else { return event.oneLine }
        return switch event.kind {
        case .reminder: "reminded" + (detail.overdue == true ? ", overdue" : "")
        case .decision: "RevKeen shows it as \(detail.state.rawValue)"
        default: detail.version > 1 ? "changed: \((detail.action ?? "").oneLine(most: 120))" : "asked"
        }
    }

    private var messages: Markup {
        let rows = deliveries.map { delivery -> Markup in
            let place = delivery.destination + (delivery.recipient.isEmpty ? "" : " · \(delivery.recipient)")
            let tone: DeskParts.Tone = delivery.state == .delivered ? .good : delivery.state == .dead ? .bad : .plain
            let when = delivery.settledAt.map { parts.ago($0) } ?? "due \(parts.ago(delivery.dueAt))"
            return """
                <p><a href="\(DeskPath.destination(delivery.destination))">\(place)</a> \(delivery.kind.rawValue) \
                \(DeskParts.tag(delivery.state.rawValue, tone)) \(delivery.reason ?? "")</p><p class="small">\(when)</p>
                """
        }
        return DeskParts.section("Messages", id: "messages", empty: "No destination was told.", rows)
    }
}

extension DecisionOutcome {
    /// The person got what they wanted, or it is on its way.
    var isGood: Bool { [.done, .waiting, .takenUnrecorded, .withdrawn].contains(kind) }
}

extension String {
    /// With a capital letter.
    fileprivate var sentence: String { prefix(1).uppercased() + dropFirst() }
}
