import Dedup
import Pages
import RelayCore

/// The page on which a person decides. It works without script.
struct DecisionPage: Sendable {
    /// The hidden fields of the form.
    struct Form: Sendable {
        /// The hash of what the page shows.
        var seen: String
        var csrf: String
        var nonce: String
        /// The form takes back the answer that is on its way. It offers no verdict.
        var withdraws = false
        /// Who rejects must say why.
        var needsReason = false
    }

    var status: Int
    var title: String
    var text = ""
    /// The outcome of the request that was posted; nil if the page was only opened.
    var outcome: DecisionOutcome?
    var facts: DecisionFacts?
    var speaker = ""
    var standing: Standing?
    var votes: [Vote] = []
    var peopleNeeded = 1
    /// Why the reader cannot decide here; nil if they can.
    var whyNot: String?
    var form: Form?
    /// The path at which the reader signs in; nil if they need not.
    var signIn: String?

    /// A page that says one thing and shows no approval.
    static func closed(_ status: Int, _ title: String, _ text: String) -> DecisionPage {
        var page = DecisionPage(status: status, title: title)
        page.text = text
        return page
    }

    var shell: PageShell {
        var shell = PageShell(title: "\(heading) · NotifyRelay", style: .inline(.decision), body: content)
        shell.robots = .noIndexNoFollow
        shell.policy.forms = [.own]
        // A browser then says within this site where a form comes from, and never tells another site the link.
        shell.referrers = .sameOrigin
        return shell
    }

    private var content: Markup {
        let words: Markup? = text.isEmpty ? nil : "<p>\(text)</p>"
        return """
            <main><h1>\(heading)</h1>
            \(words)\(outcomePart)\(standingPart)\(factsPart)\(formPart)
            </main>
            """
    }

    private var heading: String {
        switch standing {
        case nil: title
        case .open?: "Approval needed"
        case .onItsWay?: "On its way"
        case .over(let state, _, _)?: "Approval \(state)"
        }
    }

    private var outcomePart: Markup? {
        guard let outcome else { return nil }
        let isGood = [.done, .waiting, .takenUnrecorded, .withdrawn].contains(outcome.kind)
        var why: Markup?
        if outcome.kind == .done, case .over(_, _, let reason?)? = standing { why = "<br>Reason: \(reason)" }
        return "<p role=\"status\" class=\"\(isGood ? "good" : "bad")\">\(outcome.text.capitalizedFirst)\(why)</p>\n"
    }

    private var standingPart: Markup? {
        switch standing {
        case nil: return nil
        case .open?:
            guard peopleNeeded > 1 else { return nil }
            let names = votes.isEmpty ? "nobody yet" : votes.map(\.person).joined(separator: ", ")
            return "<p>\(peopleNeeded) different people must approve; so far: \(names).</p>\n"
        case .onItsWay(let actor, let choice, let wasCalled)?:
            let state =
                wasCalled ? "It was sent to RevKeen, whose response is not known yet; it is sent again." : "It was not sent to RevKeen yet."
            return "<p>\(actor) has answered “\(choice.rawValue)”. \(state)</p>\n"
        // The outcome says it already.
        case .over? where outcome?.kind == .done || outcome?.kind == .otherwise: return nil
        case .over(let state, let actor, let reason)?:
            let by = actor.map { " by \($0)" } ?? ""
            let why: Markup? = reason.map { "<br>Reason: \($0)" }
            return "<p class=\"outcome\">It was \(state)\(by).\(why)</p>\n"
        }
    }

    /// The page has no script that could write the reader's own time.
    private func written(_ moment: Timestamp) -> String {
        moment.description.replacing("T", with: " ").replacing("Z", with: " UTC")
    }

    private var factsPart: Markup? {
        guard let facts else { return nil }
        let staging: Markup? = facts.isStaging ? "<p class=\"staging\">Staging</p>" : nil
        let rows = facts.rows.map { "<dt>\($0.name)</dt><dd>\($0.value)</dd>" as Markup }
        let link: Markup? = facts.link.flatMap(safeLink).map { "<p><a href=\"\($0)\" rel=\"noreferrer noopener\">Open in RevKeen</a></p>" }
        return """
            <section aria-label="What is asked">\(staging)
            <blockquote class="action">\(facts.action)</blockquote>\(linesPart(facts))<dl>\(rows)</dl>\(link)</section>
            <p class="small">As RevKeen showed it at <time datetime="\(facts.asOf.description)">\(written(facts.asOf))</time>.</p>

            """
    }

    /// The most lines that are shown without being unfolded.
    private static let mostUnfolded = 20

    private func linesPart(_ facts: DecisionFacts) -> Markup {
        func list(_ lines: ArraySlice<String>) -> Markup? { lines.isEmpty ? nil : "<ul>\(lines.map { "<li>\($0)</li>" as Markup })</ul>" }
        let folded = facts.lines.dropFirst(Self.mostUnfolded)
        let rest: Markup? = list(folded).map { "<details><summary>\(folded.count) more fields</summary>\($0)</details>" }
        let cut: Markup? = facts.cutBytes.map {
            "<p class=\"notice\">\($0) bytes of this request are too large for this page, and only their beginning is shown. Read them in RevKeen.</p>"
        }
        return "\(list(facts.lines.prefix(Self.mostUnfolded)))\(rest)\(cut)"
    }

    private var formPart: Markup? {
        if let signIn, whyNot != nil {
            return """
                <section><p>Sign in to decide as yourself.</p><p class="buttons"><a class="button" href="\(signIn)">Sign in</a></p></section>
                """
        }
        if let whyNot {
            return """
                <p class="notice">\(whyNot.capitalizedFirst). Here it can only be read. Those who may decide do so by the link that was sent \
                to them alone, by a button in a chat where they are known, or with <code>notify-relay approvals</code>.</p>
                """
        }
        guard let form else { return nil }
        if form.withdraws {
            return """
                <form method="post" action=""><p>Until RevKeen is called, the answer can be taken back. You act as <strong>\(speaker)</strong>.</p>
                <input type="hidden" name="csrf" value="\(form.csrf)">
                <p class="buttons"><button name="verdict" value="withdraw">Withdraw the answer</button></p></form>
                """
        }
        return """
            <form method="post" action="" id="decide"><p>You decide as <strong>\(speaker)</strong>.</p>
            <input type="hidden" name="seen" value="\(form.seen)"><input type="hidden" name="csrf" value="\(form.csrf)">
            <label for="reason">\(form.needsReason ? "Reason, which is needed to reject" : "Reason, if you reject")</label><textarea id="reason" name="reason" rows="3" maxlength="2000"></textarea></form>
            <p class="buttons act"><button form="decide" name="verdict" value="approve" class="approve">Approve</button>
            <button form="decide" name="verdict" value="reject" class="reject">Reject</button></p>
            """
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
