import Channels
import Dedup
import RelayCore
import RelaySupport
import Rendering

/// Whether a message shows everything of the request that it asks to decide. One that does not has no buttons, says so, and offers the page.
struct Completeness: Sendable, Equatable {
    /// The fields of the request and of its automation.
    var all: Int
    /// The fields that the message shows whole.
    var shown: Int
    /// The bytes of fields that the relay does not hold whole; nil if it holds all.
    var cutBytes: Int?

    var isWhole: Bool { shown == all && cutBytes == nil }

    /// The longest fact that every type shows whole, in UTF-16 units of the escaped text.
    static let longestFact = 200

    /// - Parameters:
    ///   - row: the request.
    ///   - body: the body of the message, after every cut; nil for a place that shows what a template is given.
    ///   - dialect: the dialect of the body.
    init(of row: ApprovalRow, in body: String?, _ dialect: Dialect) {
        let detail = row.detail, origin = row.payload.origin
        let lines = detail?.actions.map { ReadableJSON.lines($0) } ?? .empty
        let fields = lines.shown.prefix(min(lines.all, lines.shown.count)).map { $0.oneLine(most: 1_000) }
        let isInBody = { (text: String) in
            guard let body else { return true }
            return text.split(separator: "\n").allSatisfy { body.contains(dialect.escape(String($0))) }
        }
        let facts = [origin.automation, origin.runStatus, origin.trigger, origin.risk].compactMap(\.self)
        let inBody = fields.count(where: isInBody)
        all = 1 + lines.all + facts.count
        shown =
            (isInBody(detail?.action ?? "") ? 1 : 0) + max(0, min(lines.whole, inBody))
            + facts.count { dialect.escape($0.oneLine(most: 1_000)).utf16.count <= Self.longestFact }
        cutBytes = detail?.cutBytes
    }

    /// The sentence above the link; nil if the message shows everything.
    ///
    /// - Parameter hasPage: there is a page that shows the rest.
    func note(hasPage: Bool) -> String? {
        guard !isWhole else { return nil }
        let advice = hasPage ? "open the page to read all" : "read all of it in RevKeen before it is decided"
        guard shown < all else { return "This shows all \(all) fields, of which \(cutBytes ?? 0) bytes are cut; \(advice)." }
        return "This shows \(shown) of \(all) fields; \(advice)."
    }
}
