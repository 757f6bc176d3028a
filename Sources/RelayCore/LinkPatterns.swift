import RelaySupport

/// The URL patterns of `links:`.
/// RevKeen documents no such URLs, so there is no default.
package struct LinkPatterns: Sendable {
    private let run: String?
    private let approval: String?
    private let automation: String?

    package init(run: String? = nil, approval: String? = nil, automation: String? = nil) {
        self.run = run
        self.approval = approval
        self.automation = automation
    }

    /// The most specific link available: the approval's, else the run's, else the automation's.
    /// Nil if there is none.
    package func link(for event: Event) -> String? {
        var approvalID: String?
        if case .approval(let detail) = event.payload.detail { approvalID = detail.id }
        return link(approvalID: approvalID, runID: event.payload.origin.runID, automationID: event.payload.origin.automationID)
    }

    package func link(approvalID: String? = nil, runID: String?, automationID: String?) -> String? {
        let ids = ["approval_id": approvalID, "run_id": runID, "automation_id": automationID]
        if approvalID != nil, let link = filled(approval, ids) { return link }
        return filled(run, ids) ?? filled(automation, ids)
    }

    /// Fills the ids into a pattern; nil without a pattern, or if it needs an id that is missing.
    private func filled(_ pattern: String?, _ ids: [String: String?]) -> String? {
        guard var link = pattern else { return nil }
        for (name, id) in ids where link.contains("{\(name)}") {
            guard let id else { return nil }
            link = link.replacing("{\(name)}", with: id.percentEncoded)
        }
        return link.encodedAsBrowsersDo
    }
}
