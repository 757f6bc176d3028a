package import Dedup
package import RelayCore

/// Makes a digest's message from its windows, grouped by automation and outcome.
package struct DigestMaker: Sendable {
    /// How many items of each part are listed; the rest is counted.
    /// The defaults keep a mail below the 102 KB at which Gmail cuts it.
    package struct Room: Sendable {
        /// The limit for newly and still failing automations together; each part gets half if there are many of both.
        package var failures: Int
        package var recovered: Int
        package var events: Int
        package var waiting: Int
        package var late: Int

        package init(failures: Int = 20, recovered: Int = 20, events: Int = 20, waiting: Int = 20, late: Int = 20) {
            self.failures = failures
            self.recovered = recovered
            self.events = events
            self.waiting = waiting
            self.late = late
        }

        package static let everything = Room(failures: .max, recovered: .max, events: .max, waiting: .max, late: .max)

        /// The number of newly failing automations that are listed.
        package func newFailures(of new: Int, beside still: Int) -> Int { min(new, max(failures - min(still, failures), failures / 2)) }
    }

    /// The number of characters shown of the last error.
    /// They are taken from the end, where a trace names the error.
    static let excerpt = 300
    /// The number of kinds of error that are listed for one automation.
    static let mostReasons = 3

    let settings: DigestSettings
    let room: Room

    package init(settings: DigestSettings, room: Room = Room()) {
        self.settings = settings
        self.room = room
    }

    /// Nil if the digest is empty and `send_empty` is off.
    package func detail(_ reader: WindowReader, isLate: Bool) throws -> (detail: DigestDetail, staging: Bool)? {
        let zone = settings.schedule.zone
        var fold = DigestFold(zone: zone, tellsAgain: settings.tellAgain, mostEvents: room.events)
        try reader.eachMember { fold.add($0) }
        var detail = DigestDetail(
            name: settings.name, from: reader.opensAt, until: reader.closesAt, headline: "", events: fold.events, catchUp: isLate)
        detail.zone = zone.name
        let counts = try shape(&detail, fold, reader)
        let waiting = settings.waiting ? try reader.openApprovals().map(DigestDetail.Waiting.init).sorted(by: Self.longest) : []
        detail.waiting = Array(waiting.prefix(room.waiting))
        let before = try reader.absencesTold(inDigest: settings.name).compactMap(DigestDetail.Late.init)
        let all = fold.late.merging(before.map { ($0.id, $0) }) { $1 }
        let late = try all.values.filter { try !reader.isOver($0.id) }.sorted { ($0.due, $0.id) < ($1.due, $1.id) }
        detail.late = Array(late.prefix(room.late))
        detail.told = fold.told
        detail.succeeded = fold.succeeded
        detail.rest =
            counts.new + counts.still + counts.recovered - detail.new.count - detail.still.count - detail.recovered.count
            + fold.eventCount.values.reduce(0, +) - detail.events.count + waiting.count - detail.waiting.count
            + late.count - detail.late.count
        let last = try reader.lastTold()
        detail.days = DayBars.days(from: reader.opensAt, until: reader.closesAt, zone: zone, own: fold.days, last: last)
        guard
            fold.members > fold.overAndUnsaid(late.map(\.id)) || !late.isEmpty || counts.recovered > 0 || !waiting.isEmpty
                || settings.sendEmpty
        else { return nil }
        detail.headline =
            DigestHeadline(
                new: counts.new, still: counts.still, recovered: counts.recovered, late: late.count, events: fold.eventCount,
                waiting: waiting.count,
                told: fold.told, succeeded: fold.succeeded, isLastUnreadable: last == .unreadable
            ).text
        return (detail, fold.isStaging)
    }

    /// Fills in the automations: those that newly fail, those that still fail, and those that have recovered.
    ///
    /// - Returns: how many of each there are, including those that are not listed.
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
