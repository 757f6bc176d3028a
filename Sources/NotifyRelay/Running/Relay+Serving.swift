import Crypto
import Dedup
import RelaySupport

/// The parts that show the relay's own state.
extension Relay {
    nonisolated var status: StatusReader {
        StatusReader(
            ledger: ledger, clock: clock, metrics: metrics, reports: reports, laneRegistry: laneRegistry, version: version,
            current: current, storeFault: { [storeHealth] in await storeHealth.check() })
    }

    /// The pages where people look.
    ///
    /// - Parameter door: where people sign in; nil where everybody may look and nobody decides.
    nonisolated func desk(door: SignInDoor?) -> DeskSite {
        let forms = door?.forms
        let reader = DeskReader(ledger: ledger, status: status, approvals: approvals, clock: clock, current: current)
        var desk = DeskSite(reader: reader, deciding: deciding, forms: forms, logger: logger)
        if forms != nil { desk.acts = OperatorActs(ledger: ledger, lanes: laneRegistry, clock: clock, current: current) }
        let placeholder = base64URL(SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) })
        desk.live = LivePages(
            ledger: ledger, clock: clock, placeholder: placeholder, mayLook: { await DeskSite.mayLook($0, door: door) },
            make: { [desk] in await desk.content($0, placeholder: $1) })
        return desk
    }
}
