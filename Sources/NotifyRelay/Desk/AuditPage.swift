import Dedup
import Pages
import RelayCore
import RelaySupport

/// Who decided and who acted, the newest first.
struct AuditPage: Sendable {
    /// In order.
    let answers: [AuditEntry]
    /// The newest first.
    let acts: [Act]
    /// What was asked, by the page of each approval.
    let actions: [String: String]
    let parts: DeskParts

    /// The most entries of each table.
    static let most = 200

    var page: DeskPage {
        let decided = answers.reversed().map { entry -> [Markup] in
            [
                parts.time(entry.at), "\(entry.actor)", "\(entry.choice.rawValue)", "\(entry.state.rawValue)",
                "<a href=\"\(entry.page)\">\((actions[entry.page] ?? entry.approval).oneLine(most: 120))</a>",
                "\(entry.via)\(entry.address.map { ", \($0)" } ?? "")", "\((entry.reason ?? "").oneLine(most: 200))",
            ]
        }
        let done = acts.map { act -> [Markup] in
            [
                parts.time(act.at), "\(act.actor)", "\(act.what)", "\(act.subject.oneLine(most: 200))", "\(act.outcome.oneLine(most: 200))",
                "\(act.via)\(act.address.map { ", \($0)" } ?? "")",
            ]
        }
        let first =
            decided.isEmpty
            ? "<p class=\"empty\">Nobody has decided yet.</p>"
            : DeskParts.table("Decisions", ["when", "who", "what", "became", "approval", "from", "reason"], decided)
        let second =
            done.isEmpty
            ? "<p class=\"empty\">Nobody has acted yet.</p>"
            : DeskParts.table("Acts", ["when", "who", "what", "on", "became", "from"], done)
        return DeskPage(
            title: "Audit",
            content: """
                <h1>Audit</h1><section aria-labelledby="decisions"><h2 id="decisions">Decisions</h2>\(first)</section>
                <section aria-labelledby="acts"><h2 id="acts">Acts of operators</h2>\(second)</section>
                """, place: .audit)
    }
}

extension AuditEntry {
    /// The path of the approval that was decided.
    var page: String { DeskPath.approval(account, approval) }
}
