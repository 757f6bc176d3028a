import Dedup
import RelayCore
import RelaySupport

/// Makes a digest's message from its windows, grouped by automation and outcome.
struct DigestMaker: Sendable {
    /// How many items of each part are listed; the rest is counted.
    /// The defaults keep a mail below the 102 KB at which Gmail cuts it.
    struct Room: Sendable {
        /// The limit for newly and still failing automations together; each part gets half if there are many of both.
        var failures = 20
        var recovered = 20
        var events = 20
        var waiting = 20

        static let everything = Room(failures: .max, recovered: .max, events: .max, waiting: .max)

        func newFailures(of new: Int, beside still: Int) -> Int { min(new, max(failures - min(still, failures), failures / 2)) }
    }

    /// The number of characters shown of the last error.
    /// They are taken from the end, where a trace names the error.
    static let excerpt = 300
    static let mostReasons = 3

    let settings: DigestSettings
    var room = Room()

    /// Nil if the digest is empty and `send_empty` is off.
    func detail(_ reader: WindowReader, isLate: Bool) throws -> (detail: DigestDetail, staging: Bool)? {
        let zone = settings.schedule.zone
        var fold = DigestFold(zone: zone, tellsAgain: settings.tellAgain, mostEvents: room.events)
        try reader.eachMember { fold.add($0) }
        var detail = DigestDetail(
            name: settings.name, from: reader.opensAt, until: reader.closesAt, headline: "", events: fold.events, catchUp: isLate)
        detail.zone = zone.name
        let counts = try shape(&detail, fold, reader)
        let waiting = settings.waiting ? try reader.openApprovals().map(DigestDetail.Waiting.init).sorted(by: Self.longest) : []
        detail.waiting = Array(waiting.prefix(room.waiting))
        detail.told = fold.told
        detail.succeeded = fold.succeeded
        detail.rest =
            counts.new + counts.still + counts.recovered - detail.new.count - detail.still.count - detail.recovered.count
            + fold.eventCount.values.reduce(0, +) - detail.events.count + waiting.count - detail.waiting.count
        let last = try reader.lastTold()
        detail.days = DayBars.days(from: reader.opensAt, until: reader.closesAt, zone: zone, own: fold.days, last: last)
        guard fold.members > 0 || counts.recovered > 0 || !waiting.isEmpty || settings.sendEmpty else { return nil }
        detail.headline =
            DigestHeadline(
                new: counts.new, still: counts.still, recovered: counts.recovered, events: fold.eventCount, waiting: waiting.count,
                told: fold.told, succeeded: fold.succeeded, isLastUnreadable: last == .unreadable
            ).text
        return (detail, fold.isStaging)
    }

    private func shape(
        _ detail: inout DigestDetail, _ fold: DigestFold, _ reader: WindowReader
    ) throws -> (new: Int, still: Int, recovered: Int) {
        let before = try reader.failedBefore()
        var new: [DigestDetail.Failure] = [], still: [DigestDetail.Failure] = [], recovered: [DigestDetail.Failure] = []
        for (key, tally) in fold.failures {
            let streak = try reader.streak(key)
            let failure = DigestDetail.Failure(tally, streak, before: before.map { $0[key] ?? 0 })
            if !streak.isFailing {
                recovered.append(failure)
            } else if streak.isOlder {
                still.append(failure)
            } else {
                new.append(failure)
            }
        }
        for key in try reader.succeededAfterFailing(named: settings.name) where fold.failures[key] == nil {
            let streak = try reader.streak(key)
            guard !streak.isFailing, streak.isFreshlyRecovered,
                let last = try reader.lastFailure(of: key, inWindowsNamed: settings.name)
            else { continue }
            recovered.append(DigestDetail.Failure(key, recoveredSince: last, streak))
        }
        let counts = (new.count, still.count, recovered.count)
        let newShown = room.newFailures(of: new.count, beside: still.count)
        detail.new = Array(new.sorted(by: Self.loudest).prefix(newShown))
        detail.still = Array(still.sorted(by: Self.loudest).prefix(room.failures - newShown))
        detail.recovered = Array(
            recovered.sorted { ($0.automation, $0.account ?? "") < ($1.automation, $1.account ?? "") }.prefix(room.recovered))
        return counts
    }

    private static func loudest(_ a: DigestDetail.Failure, _ b: DigestDetail.Failure) -> Bool {
        (b.count, b.last, a.automation, a.account ?? "") < (a.count, a.last, b.automation, b.account ?? "")
    }

    private static func longest(_ a: DigestDetail.Waiting, _ b: DigestDetail.Waiting) -> Bool {
        (a.createdAt ?? .distantPast, a.id) < (b.createdAt ?? .distantPast, b.id)
    }
}

extension DigestDetail.Failure {
    init(_ tally: DigestFold.Tally, _ streak: WindowReader.Streak, before: Int?) {
        self.init(
            automation: tally.automation, count: tally.count, first: tally.first, last: tally.last,
            streak: max(streak.length, streak.isFailing ? 1 : 0), error: tally.lastError.map { $0.ending(most: DigestMaker.excerpt) },
            runID: tally.runs.first?.id)
        automationID = tally.automationID
        account = tally.account
        since = streak.since
        self.before = before
        runs = tally.runs.map(\.id)
        let kinds = tally.errors.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        errors = kinds.prefix(DigestMaker.mostReasons).map {
            DigestDetail.Reason(text: $0.key.ending(most: 160, from: .start), count: $0.value)
        }
        otherErrors = kinds.dropFirst(DigestMaker.mostReasons).reduce(tally.uncounted) { $0 + $1.value }
    }

    /// An automation that did not fail in the window and has recovered.
    init(_ key: AutomationKey, recoveredSince last: Event, _ streak: WindowReader.Streak) {
        let origin = last.payload.origin
        self.init(
            automation: origin.automation ?? key.automation, count: 0, first: streak.since ?? last.occurredAt,
            last: last.occurredAt, streak: streak.length, runID: origin.runID)
        automationID = origin.automationID
        account = last.account
        since = streak.since
    }
}

extension DigestDetail.Waiting {
    init(_ row: ApprovalRow) {
        let origin = row.payload.origin
        self.init(
            account: row.account, id: row.id, automation: origin.automation ?? origin.automationID,
            action: (row.detail?.action ?? "no summary").oneLine(most: 200), createdAt: row.detail?.createdAt)
    }
}

extension String {
    enum Part { case start, end }

    /// At most `most` Unicode scalars from one end; an ellipsis replaces the rest.
    func ending(most: Int, from part: Part = .end) -> String {
        guard unicodeScalars.count > most else { return self }
        return switch part {
        case .start: String(unicodeScalars.prefix(most - 1)) + "…"
        case .end: "…" + String(unicodeScalars.suffix(most - 1))
        }
    }
}
