import Dedup
import RelayCore
import RelaySupport
import Rendering

/// The facts that one decides on, as a page shows them.
struct DecisionFacts: Sendable {
    var action = ""
    /// Every field of the request, whole.
    var lines: [String] = []
    /// The bytes of fields of which the relay holds only the beginning; nil if it holds all.
    var cutBytes: Int?
    var rows: [(name: String, value: String)] = []
    /// An address made from `links:`; nil where the file has none.
    var link: String?
    var isStaging = false
    /// When RevKeen was last asked.
    var asOf: Timestamp

    /// The name of the row that says how long the request has waited so far.
    static let waiting = "Waiting"
}

extension DecisionFacts {
    /// - Parameter isOver: RevKeen accepted an answer, though the row was read before that. Then the run's status is not what it is now.
    init(_ row: ApprovalRow, isOver: Bool, link: String?, asOf: Timestamp, now: Timestamp) {
        self.init(asOf: asOf)
        let origin = row.payload.origin, detail = row.detail
        action = detail?.action ?? "no summary"
        lines = detail?.actions.map(ReadableJSON.all) ?? []
        cutBytes = detail?.cutBytes
        isStaging = origin.staging
        let end = row.isOpen ? now : detail?.decidedAt ?? now
        let facts: [(String, String?)] = [
            ("Automation", origin.automation ?? origin.automationID), ("Risk", origin.risk),
            ("Run", row.isOpen && isOver ? nil : origin.runStatus),
            ("Triggered by", origin.trigger),
            (row.isOpen && !isOver ? Self.waiting : "Waited", detail?.createdAt.map { $0.duration(to: end).spoken }),
            ("Account", row.account),
        ]
        rows = facts.compactMap { name, value in value.map { (name, $0.oneLine(most: 20_000)) } }
        self.link = link
    }
}
