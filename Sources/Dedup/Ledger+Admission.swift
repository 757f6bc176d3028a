import RelayCore

extension Ledger {
    /// Admits events, with their deliveries and windows and with the state that a look learned, in one transaction.
    ///
    /// - Parameters:
    ///   - watch: a watch whose next state depends on whether one of the events is new.
    ///   - plan: makes the admissions, in their order. It is called inside the transaction with what the store knows then, perhaps twice.
    package func admit(
        watches: [RunWatch] = [], watch: WatchAfter? = nil, _ plan: @escaping @Sendable (AdmissionReader) throws -> [Admission]
    ) async throws(LedgerError) -> Admitted {
        let now = clock.now
        return try await writes.write("admit") { [self] db in
            let admissions = try plan(AdmissionReader(mutes: try mutes(in: db, at: now), db))
            let results = try admissions.map { try AdmissionRow.admit($0, at: now, db) }
            try LookRow.save(watches, db)
            if let watch { try LookRow.save(results.allSatisfy { $0 == .known } ? watch.ifKnown : watch.ifNew, db) }
            return Admitted(admissions: admissions, results: results)
        }
    }

    /// Admits events that were planned before.
    ///
    /// - Returns: for each admission, in order, whether it was new.
    package func admit(_ admissions: [Admission]) async throws(LedgerError) -> [AdmissionResult] {
        try await admit { _ in admissions }.results
    }
}

/// Admits one event, inside a transaction.
enum AdmissionRow {
    static func admit(_ admission: Admission, at now: Timestamp, _ db: SQLSession) throws -> AdmissionResult {
        if let row = admission.approval { try ApprovalStore.save(row, db) }
        guard let number = try EventRow.insert(admission.event, db) else { return .known }
        if let run = FinishedRun(admission.event) { try run.insert(event: number, db) }
        try Recovery.owe(admission.edits, at: now, db)
        guard let rule = admission.followsRequest else { return .admitted(owed: try owe(admission, number: number, at: now, db)) }
        for join in admission.windows { try Joining.join(join, event: number, db) }
        return .admitted(owed: try follow(rule, admission, number: number, at: now, db))
    }

    private static func owe(_ admission: Admission, number: Int64, at now: Timestamp, _ db: SQLSession) throws -> Int {
        let owed = try AdmissionGate.pass(admission.owed, event: number, at: now, db)
        for owed in owed { try DeliveryRow.insert(owed, event: number, thread: admission.event.thread, at: now, db) }
        let gathered = Set(admission.owed.map(\.destination)).subtracting(owed.map(\.destination))
        for var join in admission.windows {
            if !join.audience.isDisjoint(with: gathered) { join.toldAtOnce = false }
            try Joining.join(join, event: number, db)
        }
        return owed.count
    }

    private static func follow(
        _ rule: FollowRule, _ admission: Admission, number: Int64, at now: Timestamp, _ db: SQLSession
    ) throws -> Int {
        let event = admission.event
        let requests = try MessageThread.requests(of: event.subject, before: number, at: now, db)
        let named = admission.owed.map { owed in
            guard let request = requests[MessageThread.Pair(owed)] else { return (owed, MessageThread.Progress.sent) }
            var owed = owed
            (owed.dueAt, owed.heldFor) = rule.due(at: owed.destination)
            return (owed, request.progress)
        }
        let follows = MessageThread.following(rule, event: event, requests: requests, besides: admission.owed)
        if event.kind == .absence {
            for (pair, request) in requests where request.progress == .awaited {
                try MessageThread.dropAwaited(event.subject, before: number, at: pair, now: now, db)
            }
            // Who was not told of the beginning is not told of an end in which nothing happened.
            let told = (named + follows).filter { $0.1 != .awaited || !rule.onlyEdits }
            for (owed, _) in told { try DeliveryRow.insert(owed, event: number, thread: event.thread, at: now, db) }
            return told.count
        }
        for (owed, progress) in named + follows {
            try DeliveryRow.insert(
                owed, event: number, thread: event.thread, superseded: progress == .awaited, at: now, db)
        }
        return (named + follows).count { $0.1 != .awaited }
    }
}
