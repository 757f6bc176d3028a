import Dedup
import RelayCore
import RelaySupport

extension DigestDetail.Waiting {
    /// One line about one open approval.
    init(_ row: ApprovalRow) {
        let origin = row.payload.origin
        self.init(
            account: row.account, id: row.id, automation: origin.automation ?? origin.automationID,
            action: (row.detail?.action ?? "no summary").oneLine(most: 200), createdAt: row.detail?.createdAt)
    }
}
