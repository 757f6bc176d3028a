import GRDB
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// No frequent query scans a table, because settled rows must not slow owed ones.
@Suite(.enabled(if: TestStore.isFile))
struct QueryPlanTests {
    static let queries: [(name: String, sql: String)] = [
        ("due", ClaimRow.due), ("due or retried", ClaimRow.dueOrRetried), ("next due", ClaimRow.nextDue), ("release", ClaimRow.release),
        ("take", ClaimRow.take), ("claimed with options", ClaimRow.claimedWithOptions), ("settle", SettlementRow.end),
        ("retry", SettlementRow.retry), ("put", SettlementRow.put), ("details due", LookRow.due), ("one run", LookRow.one),
        ("watched automations", LookRow.automations), ("windows due", WindowRow.due), ("members", WindowRow.members),
        ("owed by destination", OverviewRow.owed), ("dead counts", OverviewRow.deadCounts), ("dead", OverviewRow.dead),
        ("debts", OverviewRow.owedRows), ("unfinished", OverviewRow.unfinished), ("open approvals", ApprovalStore.open),
        ("one approval", ApprovalStore.one), ("several approvals", ApprovalStore.several), ("answers due", AnswerRow.due),
        ("last answer", AnswerRow.last),
        ("history: event", HistoryRow.event), ("history: deliveries", HistoryRow.deliveries), ("history: attempts", HistoryRow.attempts),
        ("history: windows", HistoryRow.windows), ("old payloads", Retention.oldPayloads), ("ids: next", IDSearch.next),
        ("ids: under", IDSearch.under), ("open windows of a kind", WindowRow.openOfKind), ("any open window", Joining.anyOpen),
        ("close a window", WindowRow.close), ("one answer", AnswerRow.one), ("claim an answer", AnswerRow.claim),
        ("settle an answer", AnswerRow.settle), ("later update", MessageThread.laterUpdate),
        ("a slot's window", Joining.containing), ("where slots go on", Joining.floor), ("an open storm", AdmissionGate.openCollapse),
        ("arrivals", AdmissionGate.arrivals), ("forget arrivals", AdmissionGate.forget), ("a storm's first message", AdmissionGate.first),
        ("a storm's message", CollapseRow.message), ("hasten a storm", CollapseRow.hasten), ("what mutes hold", MuteRow.moveHeld),
        ("a window's span", WindowReaderSQL.span), ("a window's first", WindowReaderSQL.earliest), ("counted", WindowReaderSQL.counted),
        ("last counted", WindowReaderSQL.lastCounted), ("last bad run", WindowReaderSQL.lastBad),
        ("good run before", WindowReaderSQL.goodBefore),
        ("streak", WindowReaderSQL.streak), ("recovery", WindowReaderSQL.recovery), ("succeeded since", WindowReaderSQL.succeeded),
        ("last failure", WindowReaderSQL.lastFailure), ("last closing", WindowReaderSQL.lastClosing),
        ("failures before a run", AdmissionReaderSQL.failures), ("the success after a run", RecoverySQL.after),
        ("messages of ended failures", RecoverySQL.told), ("message of a failure", RecoverySQL.delivered),
        ("failed before", WindowReaderSQL.failedBefore), ("last told", WindowReaderSQL.lastTold),
        ("upto before", WindowReaderSQL.uptoBefore),
        ("held deliveries", GaugeRow.heldDeliveries), ("held events", GaugeRow.heldEvents), ("gathered", GaugeRow.gatheredEvents),
        ("gauges of approvals", GaugeRow.openApprovals),
        ("desk: failing", FailingRow.ends), ("desk: one failing", FailingRow.row), ("desk: days", FailingRow.days),
        ("desk: last runs", FailingRow.last), ("desk: approvals", DeskRow.approvals), ("desk: deliveries", DeskRow.deliveries),
        ("desk: events", DeskRow.events), ("desk: audit", DeskRow.audit), ("desk: search", DeskRow.search),
        ("desk: seen by", DeskRow.seenBy), ("desk: attempts", DeskRow.attempts), ("desk: dead", DeskRow.dead),
        ("open absences", WindowReaderSQL.openAbsences), ("an absence in a digest", WindowReaderSQL.absenceInDigest),
        ("told of an absence", ReminderRow.toldAbsence),
        ("a question", QuestionRow.one), ("questions", QuestionRow.all), ("approvals' mark", DeskRow.approvalsMark),
        ("event by id", "SELECT n FROM event WHERE id = ?"),
    ]

    /// Scans that read no table: a constant, or the rows of a subquery.
    private static let harmless = [
        "SCAN CONSTANT ROW", "SCAN o", "SCAN f", "SCAN s", "SCAN k", "SCAN m", "SCAN r", "SCAN a", "SCAN c", "SCAN t", "SCAN (",
    ]

    @Test(arguments: queries.indices)
    func `a hot query is answered by an index`(index: Int) async throws {
        let (name, sql) = Self.queries[index]
        for step in try await plan(of: sql) {
            let isWalk = step.hasPrefix("SCAN") && !step.contains("INDEX") && !Self.harmless.contains { step.hasPrefix($0) }
            #expect(!isWalk, "\(name): \(step)")
        }
    }

    /// The query reads by rowid from the oldest attempt on and ends at the first one that is young enough.
    @Test func `old attempts are walked by their number`() async throws {
        #expect(try await plan(of: Retention.oldAttempts).contains { $0.contains("SEARCH a USING INTEGER PRIMARY KEY") })
    }

    /// The index search ends before rows that are due later, so an empty claim costs nothing however many they are.
    @Test func `a claim goes to what is due and no further`() async throws {
        let steps = try await plan(of: ClaimRow.due)
        #expect(
            steps.contains { $0.contains("SEARCH d USING INDEX delivery_owed (destination=? AND priority=? AND due_at<?)") }, "\(steps)")
        #expect(!steps.contains { $0.contains("TEMP B-TREE") }, "\(steps)")
    }

    private func plan(of sql: String) async throws -> [String] {
        let store = try TestStore()
        return try await store.ledger.read { db in
            let statement = try db.database.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
            let nulls = StatementArguments(Array(repeating: nil as DatabaseValue?, count: statement.sqliteArgumentCount))
            return try Row.fetchAll(statement, arguments: nulls).map { $0["detail"] as String }
        }
    }
}

extension Statement {
    /// The number of arguments: `?` is the next one, `?2` the second.
    fileprivate var sqliteArgumentCount: Int {
        let marks = sql.matches(of: /\?(\d*)/)
        return marks.compactMap { Int($0.1) }.max() ?? marks.count
    }
}
