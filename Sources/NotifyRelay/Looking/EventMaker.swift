import Crypto
import Dedup
import RelayCore
import RelaySupport
import RevKeen

/// Makes events from the API's responses about one account. Only here do wire types become the program's own types.
struct EventMaker: Sendable {
    let account: String
    let staging: Bool
    let words: StatusVocabulary
    let priorityWords: PriorityWords
    let redactor: Redactor

    func notification(_ item: RevKeen.Notification, of run: Run, in automation: Automation?, now: Timestamp) -> Event {
        let id = EventID.notification(item.id, account: account)
        var detail = NotificationDetail(
            type: item.type, message: item.message ?? item.type ?? "notification without a message")
        detail.packed = item.packed.map { redactor.redact($0) }
        detail.cutBytes = item.cut.bytes
        return Event(
            id: id, account: account, kind: .notification, subject: id, priority: priorityWords.priority(item.priority).priority,
            occurredAt: (item.createdAt?.moment ?? item.deliveredAt?.moment) ?? now, seenAt: now,
            payload: Payload(origin: origin(run, in: automation), detail: .notification(detail)))
    }

    /// The event of a finished run; nil while the run is not finished.
    ///
    /// - Parameter automation: what the list of automations shows, for what the run itself does not say; nil if it is not listed.
    func run(_ response: RunDetailResponse, in automation: Automation?, now: Timestamp) -> Event? {
        let run = response.run
        guard let outcome = words.outcome(of: run), let completed = run.completedAt else { return nil }
        let took = run.startedAt?.moment.flatMap { start in completed.moment.map { start.duration(to: $0).milliseconds } }
        let detail = RunDetail(
            outcome: outcome, summary: run.summary, error: run.errorMessage, failedStep: response.steps.first(where: words.isFailed)?.name,
            milliseconds: took.flatMap { $0 < 0 ? nil : $0 })
        return Event(
            id: EventID.run(run.id, completed: completed.moment?.description ?? shortHash(completed.text), account: account),
            account: account, kind: .run, subject: EventID.runSubject(run.id, account: account),
            priority: outcome == .failed ? .high : .low, occurredAt: completed.moment ?? now, seenAt: now,
            payload: Payload(origin: origin(run, in: automation), detail: .run(detail)))
    }

    /// The row of an approval as a look shows it, with the version that the caller decided on.
    func row(
        _ approval: Approval, state: ApprovalDetail.State, version: Int, risk: String?, seenOpen: Bool, now: Timestamp
    ) -> ApprovalRow {
        var detail = ApprovalDetail(
            id: approval.id, version: version, state: state, action: approval.actionSummary,
            createdAt: approval.createdAt?.moment, actor: approval.approvedByUserID,
            decidedAt: state == .open ? nil : approval.approvedAt?.moment ?? approval.updatedAt?.moment,
            reason: approval.rejectionReason)
        detail.packed = approval.packed.map { redactor.redact($0) }
        detail.cutBytes = approval.cut.bytes
        let origin = Origin(
            staging: staging, automation: approval.automationName, automationID: approval.automationID, risk: risk,
            trigger: approval.triggerSource, runID: approval.runID, runStatus: approval.runStatus)
        return ApprovalRow(
            account: account, id: approval.id, version: version, shownHash: ShownApproval.shownHash(state: state, approval),
            payload: Payload(origin: origin, detail: .approval(detail)), priority: .high, seenOpen: seenOpen, updatedAt: now)
    }

    /// The event of a row: a request while it is open, a decision once it is closed.
    /// A row whose stored payload shows no approval counts as closed, with nothing known of it but its id.
    func event(of row: ApprovalRow, now: Timestamp) -> Event {
        let detail = row.detail ?? ApprovalDetail(id: row.id, version: row.version, state: .closed)
        var payload = row.payload
        payload.detail = .approval(detail)
        let isOpen = detail.state == .open
        let moment = isOpen ? (row.version == 1 ? detail.createdAt : nil) : detail.decidedAt
        return Event(
            id: EventID.approval(row.id, version: row.version, account: account), account: account,
            kind: isOpen ? .approval : .decision, subject: EventID.approvalSubject(row.id, account: account),
            priority: isOpen ? .high : .normal, occurredAt: moment ?? now, seenAt: now, payload: payload)
    }

    private func origin(_ run: Run, in automation: Automation?) -> Origin {
        Origin(
            staging: staging, automation: run.automationName ?? run.automation?.name ?? automation?.name,
            automationID: run.automationID ?? run.automation?.id ?? automation?.id,
            risk: run.automation?.riskProfile ?? automation?.riskProfile,
            trigger: run.triggerSource, runID: run.id, runStatus: run.status)
    }
}

/// The first 16 hex digits of a text's SHA-256. An id holds it in place of a time that could not be read.
func shortHash(_ text: String) -> String {
    hexadecimal(SHA256.hash(data: Array(text.utf8)).prefix(8))
}

extension [String: CutPart] {
    /// The bytes of all cut members together; nil if there are none.
    fileprivate var bytes: Int? { isEmpty ? nil : values.reduce(0) { $0 + $1.bytes } }
}
