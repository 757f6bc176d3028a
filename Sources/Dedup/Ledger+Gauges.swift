package import RelayCore

/// Numbers of the store that metrics show beside the overview.
package struct LedgerGauges: Sendable, Equatable {
    /// The deliveries and events of one destination that wait for the same reason.
    package struct Held: Sendable, Equatable {
        package var destination: String
        package var kind: HeldKind
        package var count: Int
    }

    /// The open approvals of one account.
    package struct Approvals: Sendable, Equatable {
        package var account: String
        package var open: Int
        /// When the oldest of them was asked for; nil if none says when.
        package var oldest: Timestamp?
    }

    /// The parts of the store, in bytes.
    package struct Bytes: Sendable, Equatable {
        /// What the file holds.
        package var data: Int
        /// What the file has free for later.
        package var free: Int
        /// The write-ahead log beside the file.
        package var log: Int
    }

    package var held: [Held]
    /// The events that wait in each digest, by its name.
    package var gathered: [String: Int]
    package var approvals: [Approvals]
    package var bytes: Bytes
}

/// Why something is held: the reason of one delivery, or the window of many events.
package enum HeldKind: String, Sendable, CaseIterable {
    case retry, throttle, quiet, mute, catchUp = "catch_up", storm, ceiling
}

extension Ledger {
    package func gauges() async throws(LedgerError) -> LedgerGauges {
        try await read { [store] db in
            LedgerGauges(
                held: try GaugeRow.held(db), gathered: try GaugeRow.gathered(db), approvals: try GaugeRow.approvals(db),
                bytes: try store.bytes(db))
        }
    }
}

/// The queries behind the gauges. They read only what is owed, open or gathered.
enum GaugeRow {
    static let heldDeliveries = """
        SELECT destination, held_for, count(*) FROM delivery INDEXED BY delivery_owed
        WHERE state = 'owed' AND held_for IN ('retry', 'throttle', 'quiet') GROUP BY destination, held_for
        """
    static let heldEvents = """
        SELECT w.destination, w.kind, count(*) FROM event_window w INDEXED BY event_window_open JOIN member m ON m.window_id = w.id
        WHERE w.closed_at IS NULL AND w.kind <> 'digest' GROUP BY w.destination, w.kind
        """
    static let gatheredEvents = """
        SELECT w.name, count(*) FROM event_window w INDEXED BY event_window_open JOIN member m ON m.window_id = w.id
        WHERE w.closed_at IS NULL AND w.kind = 'digest' GROUP BY w.name
        """
    static let openApprovals = "SELECT \(ApprovalStore.columns) FROM approval INDEXED BY approval_open WHERE open = 1"

    static func held(_ db: SQLSession) throws -> [LedgerGauges.Held] {
        var found: [String: [HeldKind: Int]] = [:]
        for query in [heldDeliveries, heldEvents] {
            for row in try db.all(query, make: { ($0[0] as String, $0[1] as String, $0[2] as Int) }) {
                guard let kind = HeldKind(rawValue: row.1) else { continue }
                found[row.0, default: [:]][kind, default: 0] += row.2
            }
        }
        return found.sorted { $0.key < $1.key }.flatMap { destination, kinds in
            kinds.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { LedgerGauges.Held(destination: destination, kind: $0.key, count: $0.value) }
        }
    }

    static func gathered(_ db: SQLSession) throws -> [String: Int] {
        Dictionary(try db.all(gatheredEvents, make: { ($0[0] as String, $0[1] as Int) }), uniquingKeysWith: { $1 })
    }

    static func approvals(_ db: SQLSession) throws -> [LedgerGauges.Approvals] {
        let rows = try db.all(openApprovals, make: ApprovalStore.make)
        return Dictionary(grouping: rows, by: \.account).sorted { $0.key < $1.key }.map { account, rows in
            LedgerGauges.Approvals(account: account, open: rows.count, oldest: rows.compactMap { $0.detail?.createdAt }.min())
        }
    }
}
