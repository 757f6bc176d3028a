import RelayCore
import Testing

@testable import Policy

/// Which look comes next (design 17).
struct LookQueueTests {
    private let start = Timestamp(seconds: 1_795_510_800)

    private func queue(
        _ effort: LookQueue.Effort = .normal, _ automations: String..., bounds: ClosedRange<Duration> = .seconds(2) ... .seconds(300)
    )
        -> LookQueue
    {
        var queue = LookQueue(bounds: bounds, effort: effort, automations: .seconds(100_000))
        for automation in automations { queue.watch(automation, schedule: nil) }
        _ = queue.next(at: start)
        queue.automationsRead(at: start)
        return queue
    }

    /// Looks at everything that is due at a moment, and returns in which order.
    private func all(_ queue: inout LookQueue, at now: Timestamp) -> [LookQueue.Look] {
        var looks: [LookQueue.Look] = []
        while let look = queue.next(at: now) {
            looks.append(look)
            end(look, &queue, at: now)
        }
        return looks
    }

    private func end(_ look: LookQueue.Look, _ queue: inout LookQueue, at now: Timestamp, _ sight: ListOutlook.Sight = .init()) {
        switch look {
        case .automations: queue.automationsRead(at: now)
        case .runs(let id): queue.looked(id, at: now, sight, hasGap: false)
        case .detail(let run): queue.detailEnded(run)
        }
    }

    private func begun(_ count: Int, at moment: Timestamp) -> ListOutlook.Sight {
        ListOutlook.Sight(begun: Array(repeating: moment, count: count))
    }

    // MARK: What hangs

    /// Some lists hang for 30 s each time, more of them than there are places.
    @Test func `lists that hang leave half of the places to the others`() {
        let names = (0..<40).map { "list-\($0)" }
        var queue = LookQueue(bounds: .seconds(1) ... .seconds(1), effort: .normal, automations: .seconds(100_000), places: 62)
        for name in names { queue.watch(name, schedule: nil) }
        _ = queue.next(at: start)
        queue.automationsRead(at: start)
        var hanging: [(id: String, until: Timestamp)] = [], seen: [String: Int] = [:], most = 0
        for second in 0..<300 {
            let now = start + .seconds(second)
            for (id, until) in hanging where until <= now { queue.failed(.runs(id), again: now + .seconds(8)) }
            hanging.removeAll { $0.until <= now }
            while case .runs(let id)? = queue.next(at: now) {
                if names.prefix(24).contains(id) {
                    hanging.append((id, now + .seconds(30)))
                } else {
                    seen[id, default: 0] += 1
                    end(.runs(id), &queue, at: now)
                }
            }
            // The two first rounds hang before it is known.
            if second > 90 { most = max(most, hanging.count) }
            #expect(queue.nextDueAt() > now, "it would be asked for nothing, again and again")
        }
        #expect(most == LookQueue.mostLists / 2)
        #expect(seen.count == 16)
        #expect(seen.values.allSatisfy { $0 > 200 }, "\(seen)")
    }

    @Test func `details that hang leave half of the places to the others, and have all again once they are good`() {
        var queue = LookQueue(bounds: .seconds(2) ... .seconds(300), effort: .normal, automations: .seconds(100_000), places: 6)
        _ = queue.next(at: start)
        queue.automationsRead(at: start)
        func detail(_ run: String) -> LookQueue.Detail { LookQueue.Detail(run: run, kind: .finished, dueAt: start, rate: 0) }
        let ill = (0..<6).map { detail("ill-\($0)") }
        queue.offer(ill)
        for _ in ill { _ = queue.next(at: start) }
        for one in ill { queue.detailEnded(one.run, failed: true) }
        queue.offer(ill + [detail("well")])
        var taken: [LookQueue.Look] = []
        while let look = queue.next(at: start) { taken.append(look) }
        #expect(taken.count == 4 && taken.contains(.detail("well")))
        #expect(queue.nextDueAt() > start)
        for case .detail(let run) in taken { queue.detailEnded(run) }
        queue.offer(ill)
        taken = []
        while let look = queue.next(at: start) { taken.append(look) }
        #expect(taken.count == 6, "three of them are known to be good")
    }

    @Test func `the automations are read first, then each list once`() {
        var queue = LookQueue(bounds: .seconds(2) ... .seconds(300), effort: .normal, automations: .seconds(300))
        queue.watch("a", schedule: nil)
        queue.watch("b", schedule: nil)
        let looks = all(&queue, at: start)
        #expect(looks.first == .automations && Set(looks.dropFirst()) == [.runs("a"), .runs("b")])
        #expect(all(&queue, at: start + .seconds(1)) == [])
    }

    @Test(arguments: [(LookQueue.Effort.thrifty, 60.0), (.normal, 12), (.eager, 2)])
    func `an unknown list is due when its worth reaches the effort's`(effort: LookQueue.Effort, seconds: Double) {
        var queue = queue(effort, "a")
        _ = all(&queue, at: start)
        let wait = start.duration(to: queue.nextDueAt()).inSeconds
        #expect(abs(wait - seconds) < 0.03 * seconds, "\(wait)")
    }

    @Test func `the largest worth goes first, not the longest due`() {
        var queue = queue(.eager, "busy", "idle", bounds: .seconds(2) ... .seconds(3_600))
        _ = all(&queue, at: start)
        var now = start
        for _ in 0..<50 {
            now = now + .seconds(10)
            end(.runs("busy"), &queue, at: now, begun(5, at: now))
        }
        // The idle list was not looked at for 500 s.
        now = now + .seconds(60)
        #expect(queue.next(at: now) == .runs("busy"))
        #expect(queue.next(at: now) == .runs("idle"))
    }

    @Test func `a list beyond its upper bound comes before what is certain`() {
        var queue = queue(.normal, "a")
        _ = all(&queue, at: start)
        let late = start + .seconds(301)
        queue.offer([.init(run: "r", kind: .failed, dueAt: late)])
        #expect(all(&queue, at: late) == [.runs("a"), .detail("r")])
    }

    @Test func `certain work comes before guesses, failed runs before others, and approvals before all`() {
        var queue = queue(.eager, "a")
        _ = all(&queue, at: start)
        let now = start + .seconds(10)
        queue.offer([
            .init(run: "guess", kind: .guessed, dueAt: start, rate: 1), .init(run: "done", kind: .finished, dueAt: start),
            .init(run: "failed", kind: .failed, dueAt: start + .seconds(5)), .init(run: "asked", kind: .asked, dueAt: start + .seconds(9)),
            .init(run: "later", kind: .asked, dueAt: now + .seconds(1)),
        ])
        #expect(all(&queue, at: now) == [.detail("asked"), .detail("failed"), .detail("done"), .detail("guess"), .runs("a")])
    }

    @Test func `for approvals alone nothing else is chosen`() {
        var queue = queue(.eager, "a")
        queue.offer([.init(run: "failed", kind: .failed, dueAt: start), .init(run: "asked", kind: .asked, dueAt: start)])
        #expect(queue.nextForApprovals(at: start) == .detail("asked"))
        #expect(queue.nextForApprovals(at: start) == nil)
    }

    @Test func `a look in flight is not chosen again`() {
        var queue = queue(.normal, "a")
        #expect(queue.next(at: start) == .runs("a"))
        #expect(queue.next(at: start + .seconds(900)) == nil)
        #expect(queue.nextDueAt() == start + .seconds(100_000))
    }

    @Test func `a list that failed waits, whatever its age`() {
        var queue = queue(.eager, "a")
        _ = queue.next(at: start)
        queue.failed(.runs("a"), again: start + .seconds(600))
        #expect(queue.next(at: start + .seconds(599)) == nil)
        #expect(queue.next(at: start + .seconds(600)) == .runs("a"))
    }

    @Test func `a running run brings the next look to its expected end`() {
        var queue = queue(.thrifty, "a")
        var now = start
        // Its runs take 100 s.
        for _ in 0..<10 {
            now = now + .seconds(200)
            let run = ListOutlook.Finished(started: now - .seconds(100), ended: now)
            queue.looked("a", at: now, .init(begun: [now - .seconds(100)], finished: [run]), hasGap: false)
        }
        queue.looked("a", at: now, .init(running: [.init(id: "r", since: now)]), hasGap: false)
        let wait = now.duration(to: queue.nextDueAt(of: "a") ?? now)
        #expect(wait > .seconds(60) && wait < .seconds(110), "\(wait)")
    }

    @Test func `a schedule brings the next look to its moment`() throws {
        var queue = queue(.normal, bounds: .seconds(2) ... .seconds(300))
        let almost = start - .seconds(100)
        let schedule = try #require(RunSchedule(cron: "0 9 * * *", zone: "UTC", now: almost))
        let quiet = ListOutlook(rate: LearnedRate(events: 0, seconds: 1e7))
        queue.watch("nightly", schedule: schedule, stored: quiet)
        queue.looked("nightly", at: almost, .init(), hasGap: false)
        let due = try #require(queue.nextDueAt(of: "nightly"))
        #expect(due > start && due < start + .seconds(6), "\(start.duration(to: due))")
    }

    @Test func `a list with a gap is read on as soon as the lower bound lets it`() {
        var queue = queue(.thrifty, "a")
        _ = queue.next(at: start)
        queue.looked("a", at: start, .init(), hasGap: true)
        #expect(queue.nextDueAt(of: "a") == start + .seconds(2))
    }

    @Test func `where the budget does not hold the bounds all stretch by one factor`() {
        var queue = LookQueue(bounds: .seconds(2) ... .seconds(60), effort: .normal, automations: .seconds(300))
        for number in 0..<100 { queue.watch("a\(number)", schedule: nil) }
        queue.fit(into: 50, details: 10)
        #expect(abs(queue.stretch - 100.2 / 40) < 1e-9)
        queue.fit(into: 50, details: 1_000)
        #expect(abs(queue.stretch - 100.2 / 25) < 1e-9, "half is kept for lists")
        queue.fit(into: nil, details: 1_000)
        #expect(queue.stretch == 1)
    }

    @Test func `what was learned of the others is expected of a new automation`() {
        var queue = queue(.normal, "a", "b", "c")
        for id in ["a", "b", "c"] {
            for step in 0...200 { queue.looked(id, at: start + .seconds(step * 300), .init(), hasGap: false) }
        }
        let now = start + .seconds(60_000)
        queue.automationsRead(at: now)
        queue.watch("new", schedule: nil)
        queue.looked("new", at: now, .init(), hasGap: false)
        #expect(now.duration(to: queue.nextDueAt(of: "new") ?? now) > .seconds(40))
    }

    @Test func `the expected delay is half of the time between looks`() throws {
        var queue = queue(.normal, "a")
        for step in 0...100 { queue.looked("a", at: start + .seconds(step * 20), .init(), hasGap: false) }
        let delay = try #require(queue.expectedDelay)
        #expect(abs(delay - 10) < 0.01)
    }

    @Test func `a clock that is set moves everything`() {
        var queue = queue(.normal, "a")
        _ = all(&queue, at: start)
        let due = queue.nextDueAt()
        queue.shift(by: .seconds(-3_600))
        #expect(queue.nextDueAt() == due - .seconds(3_600))
    }
}
