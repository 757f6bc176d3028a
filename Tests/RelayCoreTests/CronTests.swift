import RelayCore
import RelaySupport
import Testing

struct CronTests {
    @Test(arguments: [
        ("0 8 * * *", "Europe/London", "2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z"),
        ("30 1 * * *", "Europe/London", "2026-03-28T02:00:00Z", "2026-03-29T01:00:00Z"),
        ("30 1 * * *", "Europe/London", "2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z"),
        ("30 2 * * *", "America/New_York", "2026-03-08T00:00:00Z", "2026-03-08T07:00:00Z"),
        ("0 0 30 12 *", "Pacific/Apia", "2010-12-31T00:00:00Z", "2011-12-30T10:00:00Z"),
        ("15 9 * * mon", "Asia/Kathmandu", "2026-11-24T00:00:00Z", "2026-11-30T03:30:00Z"),
        ("0 12 13 * fri", "UTC", "2026-11-08T00:00:00Z", "2026-11-13T12:00:00Z"),
        ("@hourly", "UTC", "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z"),
    ])
    func `a schedule's next moment is right, across changes of the clock`(cron: String, zone: String, after: String, next: String) throws {
        let expression = try CronExpression(cron), zone = try #require(TimeZoneName(zone))
        #expect(expression.next(after: try moment(after), in: zone) == (try moment(next)))
    }

    @Test(arguments: ["", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "*/0 * * * *", "5-1 * * * *", "x * * * *"])
    func `what is no schedule is refused`(text: String) { #expect(throws: CronError.self) { try CronExpression(text) } }

    @Test func `a day that never comes has no next moment`() throws {
        #expect(try CronExpression("0 0 30 2 *").next(after: try moment("2026-01-01"), in: .utc) == nil)
    }
}
