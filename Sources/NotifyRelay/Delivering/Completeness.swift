import Channels
import Dedup
import RelayCore
import RelaySupport
import Rendering

/// Whether a message shows everything of the request that it asks to decide. One that does not has no buttons, says so, and offers the page.
struct Completeness: Sendable {
    /// The fields of the request and of its automation.
    var all: Int
    /// The fields that the message shows whole.
    var shown: Int
    /// The same of the lines that a person can count.
    var lines: (all: Int, shown: Int)
    /// The bytes of fields that the relay does not hold whole; nil if it holds all.
    var cutBytes: Int?

    var isWhole: Bool { shown == all && cutBytes == nil }

    /// The longest fact that every type shows whole, in UTF-16 units of the escaped text.
    static let longestFact = 200

    /// - Parameters:
    ///   - row: the request.
    ///   - shown: the facts that the message holds; nil for all that a template is given.
    ///   - type: the type of the destination. One with fields shows the facts of the automation there, up to `longestFact`.
    init(of row: ApprovalRow, shown: Set<RequestFact>?, at type: ChannelType) {
        let detail = row.detail, origin = row.payload.origin, dialect = type.dialect
        let lines = detail?.actions.map { ReadableJSON.lines($0) } ?? .empty
        let isShown = { (fact: RequestFact) in shown?.contains(fact) ?? true }
        let isShort = { (text: String) in dialect.escape(text.oneLine(most: 1_000)).utf16.count <= Self.longestFact }
        let facts: [(fact: RequestFact, text: String)] = [
            (.automation, origin.automation), (.runStatus, origin.runStatus), (.trigger, origin.trigger), (.risk, origin.risk),
        ].compactMap { fact, text in text.flatMap { $0.isEmpty ? nil : (fact, $0) } }
        all = 1 + lines.all + facts.count
        let linesShown = lines.shown.indices.count { lines.shown[$0].isWhole && isShown(.line($0)) }
        self.lines = (lines.all, linesShown)
        self.shown =
            (detail?.action?.isEmpty ?? true || isShown(.action) ? 1 : 0) + linesShown
            + facts.count { type.hasFields ? isShort($0.text) : isShown($0.fact) }
        cutBytes = detail?.cutBytes
    }

    /// The sentence above the link; nil if the message shows everything.
    ///
    /// - Parameter hasPage: there is a page that shows the rest.
    func note(hasPage: Bool) -> String? {
        guard !isWhole else { return nil }
        let advice = hasPage ? "open the page to read all" : "read all of it in RevKeen before it is decided"
        guard shown < all else { return "This shows all \(all) fields, of which \(cutBytes ?? 0) bytes are cut; \(advice)." }
        if lines.shown < lines.all { return "This shows \(lines.shown) of \(lines.all) fields; \(advice)." }
        return "This shows only a part of what is asked; \(advice)."
    }
}
