import Dedup
import Pages
import RelayCore
import RelaySupport

/// An approval as an entry of a list.
struct ApprovalLine: Sendable {
    let row: ApprovalRow
    let parts: DeskParts
    /// It can be ticked, to be decided with others.
    let isPicked: Bool
    /// The answer that is on its way; nil if none is.
    var answer: Answer?

    var markup: Markup {
        let detail = row.detail, action = (detail?.action ?? "no summary").oneLine(most: 200)
        let state: Markup? =
            switch detail?.state {
            case .open? where answer != nil: DeskParts.tag("on its way: \(answer?.choice.rawValue ?? "") by \(answer?.actor ?? "")", .wait)
            case .open?: detail?.overdue == true ? DeskParts.tag("overdue", .bad) : nil
            case let state?: DeskParts.tag(state.rawValue, state == .approved ? .good : .plain)
            case nil: nil
            }
        let when = row.isOpen ? "waiting since" : "asked"
        let staging: Markup? = row.payload.origin.staging ? DeskParts.tag("staging", .wait) : nil
        let text: Markup = """
            <div><p><a href="\(DeskPath.approval(row.account, row.id))">\(action)</a> \(state)\(staging)</p>
            <p class="small">\(row.payload.origin.automation ?? row.payload.origin.automationID ?? row.account), \(when) \(parts.ago(row.askedAt))</p></div>
            """
        guard isPicked, answer == nil else { return text }
        return """
            <div class="pick"><input type="checkbox" name="pick" value="\(Pick(row).text)" aria-label="\(action)">\(text)</div>
            """
    }
}

/// An approval that was ticked, with the hash of what was shown.
struct Pick: Sendable, Equatable {
    var account: String
    var approval: String
    var shown: String

    init(_ row: ApprovalRow) { (account, approval, shown) = (row.account, row.id, row.shownHash) }

    /// Nil if the text is none.
    init?(text: String) {
        let fields =
            bytes(base64URL: text).flatMap { String(validating: $0, as: UTF8.self) }?
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init) ?? []
        guard fields.count == 3 else { return nil }
        (account, approval, shown) = (fields[0], fields[1], fields[2])
    }

    var text: String { base64URL(Array([account, approval, shown].joined(separator: "\n").utf8)) }
}

/// The fields with which approvals are decided.
enum DecideFields {
    static func several(csrf: String, typed: String = "") -> Markup {
        """
        <div><input type="hidden" name="csrf" value="\(csrf)">
        <label for="reason">Reason, for those that you reject</label><textarea id="reason" name="reason" rows="2" maxlength="2000" class="typed">\(typed)</textarea>
        <p class="buttons"><button name="verdict" value="approve" class="approve">Approve the ticked ones</button>
        <button name="verdict" value="reject" class="reject">Reject the ticked ones</button></p></div>
        """
    }

    static func one(csrf: String, seen: String, reader: String, needsReason: Bool, reason: String) -> Markup {
        """
        <form method="post"><p>You decide as <strong>\(reader)</strong>.</p>
        <input type="hidden" name="seen" value="\(seen)"><input type="hidden" name="csrf" value="\(csrf)">
        <label for="reason">\(needsReason ? "Reason, which is needed to reject" : "Reason, if you reject")</label><textarea id="reason" name="reason" rows="3" maxlength="2000" class="typed">\(reason)</textarea>
        <p class="buttons"><button name="verdict" value="approve" class="approve">Approve</button>
        <button name="verdict" value="reject" class="reject">Reject</button></p></form>
        """
    }

    static func withdraw(csrf: String) -> Markup {
        """
        <form method="post"><input type="hidden" name="csrf" value="\(csrf)"><p>Until RevKeen is called, the answer can be taken back.</p>
        <p class="buttons"><button name="verdict" value="withdraw">Withdraw the answer</button></p></form>
        """
    }
}
