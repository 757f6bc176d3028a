import RelayCore
import Testing

@testable import Policy

struct RunScheduleTests {
    /// 2026-11-24T09:00:00Z.
    private let nine = Timestamp(seconds: 1_795_510_800)

    private func hourly(_ now: Timestamp) throws -> RunSchedule { try #require(RunSchedule(cron: "0 * * * *", zone: "UTC", now: now)) }

    @Test func `a moment that passes is open until its run is seen`() throws {
        var schedule = try hourly(nine + .minutes(30))
        #expect(schedule.open == nil && schedule.next == nine + .hours(1))
        schedule.pass(to: nine + .minutes(61))
        #expect(schedule.open == nine + .hours(1) && schedule.next == nine + .hours(2))
        #expect(schedule.close(by: [nine + .minutes(20)]) == nil)
        let closed = schedule.close(by: [nine + .minutes(20), nine + .minutes(60) + .seconds(3)])
        #expect(closed?.start == nine + .hours(1) && closed?.index == 1)
        #expect(schedule.open == nil)
    }

    @Test func `a run that never came is given up after an hour`() throws {
        var schedule = try #require(RunSchedule(cron: "0 9 * * *", zone: nil, now: nine - .seconds(1)))
        schedule.pass(to: nine + .minutes(59))
        #expect(schedule.open == nine)
        schedule.pass(to: nine + .minutes(61))
        #expect(schedule.open == nil && schedule.next == nine + .hours(24))
    }

    @Test func `after a long pause only the newest moment is open`() throws {
        var schedule = try hourly(nine - .seconds(1))
        schedule.pass(to: nine + .hours(24 * 30) + .minutes(5))
        #expect(schedule.open == nine + .hours(24 * 30) && schedule.next == nine + .hours(24 * 30 + 1))
    }

    @Test(arguments: ["every full moon", "* * * *", ""]) func `a cron expression that cannot be read is none`(text: String) {
        #expect(RunSchedule(cron: text, zone: "UTC", now: nine) == nil)
        #expect(RunSchedule(cron: "0 * * * *", zone: "Nowhere/Land", now: nine) == nil)
    }

    @Test func `a schedule that never comes expects nothing`() throws {
        let never = try #require(RunSchedule(cron: "0 0 30 2 *", zone: "UTC", now: nine))
        #expect(never.expected.isEmpty)
    }
}

extension Duration {
    static func minutes(_ count: Int) -> Duration { .seconds(60 * count) }
    static func hours(_ count: Int) -> Duration { .seconds(3_600 * count) }
}
