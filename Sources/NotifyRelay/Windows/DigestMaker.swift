import Dedup
import RelayCore
import RelaySupport

/// Makes a digest of its windows: shaped by failure, not by time.
struct DigestMaker: Sendable {
    /// How much of it is told; the rest is counted. It keeps a mail below the 102 KB at which Gmail cuts.
    struct Room: Sendable {
        /// New and still failing together; if there are many of both, half of it is for each.
        var failures = 20
        var recovered = 20
        var events = 20
        var waiting = 20

        static let everything = Room(failures: .max, recovered: .max, events: .max, waiting: .max)

        func newFailures(of new: Int, beside still: Int) -> Int { min(new, max(failures - min(still, failures), failures / 2)) }
    }

    /// Of the last error's text, the end is shown: that is where a trace says what it was.
    static let excerpt = 300
    static let mostReasons = 3

    let settings: DigestSettings
    var room = Room()

    /// Nil: there is nothing to tell, and nobody wants to hear that.
    func detail(_ gathering: WindowReader, isLate: Bool) throws -> (detail: DigestDetail, staging: Bool)? {
        let zone = settings.schedule.zone
        var fold = DigestFold(zone: zone, tellsAgain: settings.tellAgain, mostEvents: room.events)
        try gathering.eachMember { fold.add($0) }
        var detail = DigestDetail(
            name: settings.name, from: gathering.opensAt, until: gathering.closesAt, headline: "", events: fold.events, catchUp: isLate)
        detail.zone = zone.name
        let counts = try shape(&detail, fold, gathering)
        let waiting = settings.waiting ? try gathering.openApprovals().map(DigestDetail.Waiting.init).sorted(by: Self.longest) : []
        detail.waiting = Array(waiting.prefix(room.waiting))
        detail.told = fold.told
        detail.succeeded = fold.succeeded
        detail.rest =
            counts.new + counts.still + counts.recovered - detail.new.count - detail.still.count - detail.recovered.count
            + fold.eventCount.values.reduce(0, +) - detail.events.count + waiting.count - detail.waiting.count
        detail.days = DayBars.days(until: gathering.closesAt, zone: zone, own: fold.days, before: try gathering.lastTold()?.days ?? [])
        guard fold.members > 0 || counts.recovered > 0 || !waiting.isEmpty || settings.sendEmpty else { return nil }
        detail.headline =
            DigestHeadline(
                new: counts.new, still: counts.still, recovered: counts.recovered, events: fold.eventCount, waiting: waiting.count,
                told: fold.told, succeeded: fold.succeeded
            ).text
        return (detail, fold.isStaging)
    }

    private func shape(
        _ detail: inout DigestDetail, _ fold: DigestFold, _ gathering: WindowReader
    ) throws -> (new: Int, still: Int, recovered: Int) {
        let before = try gathering.failedBefore()
        var new: [DigestDetail.Failure] = [], still: [DigestDetail.Failure] = [], recovered: [DigestDetail.Failure] = []
        for (key, tally) in fold.failures {
            let standing = try gathering.streak(key)
            let failure = DigestDetail.Failure(tally, standing, before: before.map { $0[key] ?? 0 })
            if !standing.isFailing {
                recovered.append(failure)
            } else if standing.isOlder {
                still.append(failure)
            } else {
                new.append(failure)
            }
        }
        for key in try gathering.succeededAfterFailing(named: settings.name) where fold.failures[key] == nil {
            let standing = try gathering.streak(key)
            guard !standing.isFailing, standing.isFreshlyRecovered,
                let last = try gathering.lastFailure(of: key, inWindowsNamed: settings.name)
            else { continue }
            recovered.append(DigestDetail.Failure(key, recoveredSince: last, standing))
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
    init(_ tally: DigestFold.Tally, _ standing: WindowReader.Streak, before: Int?) {
        self.init(
            automation: tally.automation, count: tally.count, first: tally.first, last: tally.last,
            streak: max(standing.streak, standing.isFailing ? 1 : 0), error: tally.lastError.map { $0.ending(most: DigestMaker.excerpt) },
            runID: tally.runs.first?.id)
        automationID = tally.automationID
        account = tally.account
        since = standing.since
        self.before = before
        runs = tally.runs.map(\.id)
        let kinds = tally.errors.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        errors = kinds.prefix(DigestMaker.mostReasons).map {
            DigestDetail.Reason(text: $0.key.ending(most: 160, from: .start), count: $0.value)
        }
        otherErrors = kinds.dropFirst(DigestMaker.mostReasons).reduce(tally.uncounted) { $0 + $1.value }
    }

    /// Of an automation that did not fail in the window, and does not fail any more.
    init(_ key: AutomationKey, recoveredSince last: Event, _ standing: WindowReader.Streak) {
        let origin = last.payload.origin
        self.init(
            automation: origin.automation ?? key.automation, count: 0, first: standing.since ?? last.occurredAt,
            last: last.occurredAt, streak: standing.streak, runID: origin.runID)
        automationID = origin.automationID
        account = last.account
        since = standing.since
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

    /// At most so many Unicode scalars, from one end; the other is an ellipsis.
    func ending(most: Int, from part: Part = .end) -> String {
        guard unicodeScalars.count > most else { return self }
        return switch part {
        case .start: String(unicodeScalars.prefix(most - 1)) + "…"
        case .end: "…" + String(unicodeScalars.suffix(most - 1))
        }
    }
}
