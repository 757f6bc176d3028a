import RelayCore
import RelaySupport
import Testing

struct RecurrenceTests {
    private func every(_ length: String, days: Weekdays = .all, zone: String = "UTC") throws -> Recurrence {
        Recurrence(.every(try #require(Duration(interval: length))), days: days, zone: try #require(TimeZoneName(zone)))
    }

    @Test(arguments: [
        ("6h", "Europe/London", "2026-03-28T23:00:00Z", ["2026-03-29T00:00:00Z", "2026-03-29T05:00:00Z", "2026-03-29T11:00:00Z"]),
        ("6h", "Europe/London", "2026-10-24T22:30:00Z", ["2026-10-24T23:00:00Z", "2026-10-25T06:00:00Z", "2026-10-25T12:00:00Z"]),
        ("1h", "Europe/London", "2026-10-24T23:30:00Z", ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"]),
        ("1h", "Europe/London", "2026-03-28T23:30:00Z", ["2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"]),
        // Midnight occurs twice in Havana, but the day has only one moment.
        ("1d", "America/Havana", "2026-10-31T12:00:00Z", ["2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"]),
        // Midnight does not exist in Beirut, but the day still has one moment.
        ("1d", "Asia/Beirut", "2026-03-28T12:00:00Z", ["2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"]),
        ("15m", "Asia/Kathmandu", "2026-11-24T00:01:00Z", ["2026-11-24T00:15:00Z", "2026-11-24T00:30:00Z"]),
    ])
    func `steps keep to local midnight`(length: String, zone: String, after: String, moments: [String]) throws {
        let recurrence = try every(length, zone: zone)
        var last = try moment(after)
        for expected in moments {
            last = try #require(recurrence.next(after: last))
            #expect(last == (try moment(expected)))
            #expect(recurrence.previous(atOrBefore: last) == last)
        }
    }

    @Test func `a time of day comes on its days only`() throws {
        let morning = Recurrence(
            .at(try #require(DailyTime("08:00"))), days: try #require(Weekdays(words: ["mon", "fri"])),
            zone: try #require(TimeZoneName("Europe/London")))
        #expect(morning.next(after: try moment("2026-11-24T12:00:00Z")) == (try moment("2026-11-27T08:00:00Z")))
        #expect(morning.next(after: try moment("2026-11-27T08:00:00Z")) == (try moment("2026-11-30T08:00:00Z")))
        #expect(morning.previous(atOrBefore: try moment("2026-11-27T07:59:59Z")) == (try moment("2026-11-23T08:00:00Z")))
    }

    @Test func `a schedule that names no moment has none before and after`() throws {
        let never = Recurrence(.cron(try CronExpression("0 0 30 2 *")), zone: .utc)
        #expect(never.next(after: try moment("2026-01-01")) == nil)
        #expect(never.previous(atOrBefore: try moment("2026-01-01")) == nil)
        #expect(try every("1d", days: Weekdays(days: [])).next(after: try moment("2026-01-01")) == nil)
    }

    @Test(arguments: [
        ("15m", true), ("1h", true), ("6h", true), ("2d", true), ("7h", false), ("36h", false), ("30s", false), ("0s", false),
    ])
    func `only what divides a day is even`(length: String, isEven: Bool) throws {
        #expect(Recurrence.repeats(try #require(Duration(interval: length))) == isEven)
    }

    @Test(arguments: oddZones)
    func `going forward and going back meet the same moments`(zone: String) throws {
        let zoneName = try #require(TimeZoneName(zone)), weekdays = try #require(Weekdays(words: ["mon", "wed", "sun"]))
        let rules: [Recurrence.Rule] = [
            .every(.seconds(3_600)), .every(.seconds(4 * 3_600)), .every(.seconds(2 * 86_400)), .at(try #require(DailyTime("02:30"))),
            .cron(try CronExpression("*/20 1-3 * * *")),
        ]
        for (rule, days) in rules.flatMap({ [($0, Weekdays.all), ($0, weekdays)] }) {
            let recurrence = Recurrence(rule, days: days, zone: zoneName)
            for start in ["2026-03-07T10:00:00Z", "2026-03-28T10:00:00Z", "2026-10-31T10:00:00Z", "2011-12-29T00:00:00Z"] {
                var forth: [Timestamp] = [], at = try moment(start)
                for _ in 0..<12 {
                    at = try #require(recurrence.next(after: at))
                    forth.append(at)
                }
                #expect(forth == forth.sorted() && Set(forth).count == forth.count)
                var back: [Timestamp] = []
                for _ in forth {
                    back.append(try #require(recurrence.previous(atOrBefore: at)))
                    at = back[back.count - 1] - .milliseconds(1)
                }
                #expect(back.reversed() == forth)
            }
        }
    }
}
