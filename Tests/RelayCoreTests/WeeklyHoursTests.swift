import RelayCore
import RelaySupport
import Testing

struct WeeklyHoursTests {
    private func hours(_ from: String, _ to: String, days: [String] = Weekdays.words, zone: String = "UTC") throws -> WeeklyHours {
        WeeklyHours(
            from: try #require(DailyTime(from)), to: try #require(DailyTime(to)), days: try #require(Weekdays(words: days)),
            zone: try #require(TimeZoneName(zone)))
    }

    @Test func `hours that pass midnight belong to the day on which they begin`() throws {
        let friday = try hours("22:00", "06:00", days: ["fri"])
        #expect(friday.contains(try moment("2026-11-27T23:00:00Z")))
        #expect(friday.contains(try moment("2026-11-28T05:59:59Z")))
        #expect(!friday.contains(try moment("2026-11-28T06:00:00Z")))
        #expect(!friday.contains(try moment("2026-11-27T05:00:00Z")))
        #expect(friday.end(at: try moment("2026-11-27T22:00:00Z")) == (try moment("2026-11-28T06:00:00Z")))
        #expect(friday.opening(atOrAfter: try moment("2026-11-28T06:00:00Z")) == (try moment("2026-12-04T22:00:00Z")))
    }

    @Test func `whole days that touch are one, and every day never ends`() throws {
        let weekend = try hours("00:00", "00:00", days: ["sat", "sun"], zone: "Europe/London")
        #expect(weekend.end(at: try moment("2026-10-24T12:00:00Z")) == (try moment("2026-10-26T00:00:00Z")))
        let always = try hours("09:00", "09:00")
        #expect(always.end(at: try moment("2026-11-24T12:00:00Z")) == .distantFuture)
    }

    @Test func `no day means never`() throws {
        let never = try hours("09:00", "17:00", days: [])
        let now = try moment("2026-11-24T12:00:00Z")
        #expect(never.opening(atOrAfter: now) == nil)
        #expect(never.end(at: now) == nil)
    }

    @Test(arguments: [
        // The clock goes forward at 01:00 UTC, so the night has seven hours. It goes back at 01:00 UTC, so the night has nine.
        ("22:00", "06:00", "Europe/London", "2026-03-28T12:00:00Z", "2026-03-28T22:00:00Z", 7),
        ("22:00", "06:00", "Europe/London", "2026-10-24T12:00:00Z", "2026-10-24T21:00:00Z", 9),
        ("22:00", "06:00", "America/New_York", "2026-11-01T00:00:00Z", "2026-11-01T02:00:00Z", 9),
        // The time from 02:00 to 03:00 does not exist in that night, so hours that begin in it begin at 03:00.
        ("02:30", "04:00", "America/New_York", "2026-03-08T00:00:00Z", "2026-03-08T07:00:00Z", 1),
    ])
    func `a night is as long as the clock makes it`(
        from: String, to: String, zone: String, before: String, opening: String, length: Int
    ) throws {
        let hours = try hours(from, to, zone: zone), begin = try moment(opening)
        #expect(hours.opening(atOrAfter: try moment(before)) == begin)
        #expect(hours.end(at: begin) == begin + .seconds(length * 3_600))
        #expect(hours.elapsed(from: try moment(before), to: begin + .seconds(12 * 3_600)) == .seconds(length * 3_600))
    }

    @Test func `working time counts over the nights and the weekend`() throws {
        let work = try hours("09:00", "17:00", days: ["mon", "tue", "wed", "thu", "fri"], zone: "Europe/London")
        // Three working hours after Friday 16:00 is Monday 11:00.
        let friday = try moment("2026-11-27T16:00:00Z")
        #expect(work.elapsed(from: friday, to: try moment("2026-11-30T11:00:00Z")) == .seconds(3 * 3_600))
        #expect(work.elapsed(from: friday, to: try moment("2026-11-27T17:00:00Z")) == .seconds(3_600))
        #expect(work.elapsed(from: friday, to: try moment("2026-11-30T09:00:00Z")) == .seconds(3_600))
    }

    @Test(arguments: oddZones)
    func `every answer is that of counting quarters of an hour`(zone: String) throws {
        var chance = Seeded(state: zone.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) })
        let zoneName = try #require(TimeZoneName(zone))
        for start in ["2026-03-07T00:00:00Z", "2026-03-28T00:00:00Z", "2026-10-24T00:00:00Z", "2011-12-29T00:00:00Z"] {
            let begin = try moment(start)
            for _ in 0..<4 {
                let time = { (chance: inout Seeded) in
                    DailyTime(hour: Int.random(in: 0...23, using: &chance), minute: 15 * Int.random(in: 0...3, using: &chance))
                }
                let hours = WeeklyHours(
                    from: time(&chance), to: time(&chance), days: Weekdays(days: Set((0..<7).filter { _ in Bool.random(using: &chance) })),
                    zone: zoneName)
                check(hours, from: begin, using: &chance)
            }
        }
    }

    /// Compares the hours with a count of quarters of an hour.
    private func check(_ hours: WeeklyHours, from begin: Timestamp, using chance: inout Seeded) {
        func at(_ quarter: Int) -> Timestamp { begin + .seconds(900 * quarter) }
        let quarters = (0..<9 * 96).map { hours.contains(at($0)) }
        let a = Int.random(in: 0..<150, using: &chance), b = Int.random(in: a..<quarters.count, using: &chance)
        let inside = quarters[a..<b].filter { $0 }.count
        #expect(hours.elapsed(from: at(a), to: at(b)) == .seconds(900 * inside))
        if let open = quarters[a...].firstIndex(of: true) {
            #expect(hours.opening(atOrAfter: at(a)) == at(open))
            if let shut = quarters[open...].firstIndex(of: false) { #expect(hours.end(at: at(open)) == at(shut)) }
        }
    }
}
