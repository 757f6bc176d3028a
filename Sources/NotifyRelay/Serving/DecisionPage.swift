import Crypto
import Dedup
import Foundation
import RelayCore

/// The page on which a person decides, without script. Every text that comes from outside is escaped.
struct DecisionPage: Sendable {
    /// The hidden fields of the form.
    struct Form: Sendable {
        /// The hash of what the page shows.
        var seen: String
        var csrf: String
        var nonce: String
    }

    var status: Int
    var title: String
    var text = ""
    /// What came of the request that was posted; nil where the page was only opened.
    var outcome: DecisionOutcome?
    var facts: DecisionFacts?
    var speaker = ""
    var standing: Standing?
    var votes: [Vote] = []
    var peopleNeeded = 1
    /// Why the reader cannot decide here; nil if they can.
    var whyNot: String?
    var form: Form?

    /// A page that says one thing and shows no approval.
    static func closed(_ status: Int, _ title: String, _ text: String) -> DecisionPage {
        var page = DecisionPage(status: status, title: title)
        page.text = text
        return page
    }

    var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex, nofollow"><title>\(escaped(heading)) · NotifyRelay</title><style>\(Self.style)</style></head>
        <body><main><h1>\(escaped(heading))</h1>
        \(text.isEmpty ? "" : "<p>\(escaped(text))</p>")\(outcomeHTML)\(standingHTML)\(factsHTML)\(formHTML)
        </main></body></html>

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

    private var outcomeHTML: String {
        guard let outcome else { return "" }
        let isGood = [.done, .waiting, .takenUnrecorded].contains(outcome.kind)
        return "<p role=\"status\" class=\"\(isGood ? "good" : "bad")\">\(escaped(outcome.text.capitalizedFirst))</p>\n"
    }

    private var standingHTML: String {
        switch standing {
        case nil: return ""
        case .open?:
            guard peopleNeeded > 1 else { return "" }
            let names = votes.isEmpty ? "nobody yet" : votes.map(\.person).joined(separator: ", ")
            return "<p>\(peopleNeeded) different people must approve; so far: \(escaped(names)).</p>\n"
        case .onItsWay(let actor, let choice)?:
            return "<p>\(escaped(actor)) has answered “\(choice.rawValue)”. RevKeen has not confirmed it yet; it is tried again.</p>\n"
        case .over(let state, let actor, let reason)?:
            let by = actor.map { " by \(escaped($0))" } ?? ""
            let why = reason.map { "<br>Reason: \(escaped($0))" } ?? ""
            return "<p class=\"outcome\">It was \(escaped(state))\(by).\(why)</p>\n"
        }
    }

    private var factsHTML: String {
        guard let facts else { return "" }
        let lines = facts.lines.isEmpty ? "" : "<ul>" + facts.lines.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>"
        let rows = facts.rows.map { "<dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd>" }.joined()
        let link = facts.link.map { "<p><a href=\"\(escaped($0))\" rel=\"noreferrer noopener\">Open in RevKeen</a></p>" } ?? ""
        return """
            <section aria-label="What is asked">\(facts.isStaging ? "<p class=\"staging\">Staging</p>" : "")
            <p class="action">\(escaped(facts.action))</p>\(lines)<dl>\(rows)</dl>\(link)</section>
            <p class="small">As RevKeen showed it at \(escaped(facts.asOf)).</p>

            """
    }

    private var formHTML: String {
        if let whyNot {
            return """
                <p class="notice">\(escaped(whyNot.capitalizedFirst)). Here it can only be read. Those who may decide do so by the link that was sent \
                to them alone, by a button in a chat where they are known, or with <code>notify-relay approvals</code>.</p>
                """
        }
        guard let form else { return "" }
        return """
            <form method="post" action=""><p>You decide as <strong>\(escaped(speaker))</strong>.</p>
            <input type="hidden" name="seen" value="\(escaped(form.seen))"><input type="hidden" name="csrf" value="\(escaped(form.csrf))">
            <label for="reason">Reason, if you reject</label><textarea id="reason" name="reason" rows="3" maxlength="2000"></textarea>
            <p class="buttons"><button name="verdict" value="approve" class="approve">Approve</button>
            <button name="verdict" value="reject" class="reject">Reject</button></p></form>
            """
    }

    private func escaped(_ text: String) -> String { Dialect.html.escape(text) }

    static let styleHash = "sha256-" + Data(SHA256.hash(data: Array(style.utf8))).base64EncodedString()

    /// Contrast of all text is at least 4.5 : 1, in light and dark (WCAG 2.2, 1.4.3).
    static let style = """
        :root{color-scheme:light dark}*{box-sizing:border-box}
        body{font:1rem/1.5 system-ui,sans-serif;margin:0;color:#1c2430;background:#f4f6f8}
        main{max-width:38rem;margin:0 auto;padding:1.25rem 1rem 3rem}h1{font-size:1.4rem;margin:.5rem 0 1rem}
        section,form{background:#fff;border:1px solid #cfd6de;border-radius:.6rem;padding:1rem;margin:0 0 1rem}
        .action{font-size:1.1rem;font-weight:600;margin:0 0 .5rem;white-space:pre-wrap}p,li,dd{overflow-wrap:anywhere}
        ul{margin:.25rem 0 .75rem;padding-left:1.2rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem .9rem;margin:0}
        dt{color:#51606f}dd{margin:0}label{display:block;margin-bottom:.3rem}
        textarea{width:100%;font:inherit;color:inherit;background:#fff;border:1px solid #77838f;border-radius:.4rem;padding:.5rem}
        .buttons{display:flex;gap:.75rem;flex-wrap:wrap;margin:1rem 0 0}
        button{flex:1 1 9rem;font:inherit;font-weight:600;color:#fff;border:0;border-radius:.4rem;padding:.8rem 1rem;cursor:pointer}
        .approve{background:#176b3a}.reject{background:#a3261b}
        button:focus-visible,textarea:focus-visible,a:focus-visible{outline:3px solid #1f6feb;outline-offset:2px}
        .good,.bad,.outcome,.notice,.staging{border-left:.3rem solid #51606f;background:#fff;padding:.6rem .8rem;margin:0 0 1rem}
        .good{border-color:#176b3a}.bad{border-color:#a3261b}.staging{border-color:#b35c00;font-weight:600}.small{color:#51606f;font-size:.85rem}
        @media(prefers-color-scheme:dark){body{color:#e3e7ec;background:#14181d}section,form,.good,.bad,.outcome,.notice,.staging{background:#1c2229}
        section,form{border-color:#3a444f}textarea{background:#14181d;border-color:#8a97a5}dt,.small{color:#a9b5c2}a{color:#79b8ff}}
        """
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
