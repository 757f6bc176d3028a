import RelayCore
import Testing

@testable import NotifyRelay

struct DetailLadderTests {
    private let done = Timestamp(seconds: 1_000_000)

    @Test func `a finished run is read again 2 min, 10 min, 1 h and 24 h after its completion, then never`() {
        var now = done + .seconds(3)
        var due = now
        var rung = 0
        var looks: [Duration] = []
        while true {
            let next = DetailLadder.finished(rung: rung, due: due, completed: done, brought: rung == 0, now: now)
            guard let at = next.dueAt else { break }
            looks.append(done.duration(to: at))
            (rung, due) = (next.rung, at)
            // Each look is a little late, and the ladder does not drift.
            now = at + .seconds(1)
        }
        #expect(looks == DetailLadder.steps)
    }

    @Test func `a later look that brings something starts the ladder again`() {
        let now = done + .seconds(3_601)
        let next = DetailLadder.finished(rung: 3, due: done + .seconds(3_600), completed: done, brought: true, now: now)
        #expect(next == DetailLadder.Next(rung: 1, dueAt: now + .seconds(120)))
    }

    @Test func `a run that finished days ago is read once`() {
        let next = DetailLadder.finished(rung: 0, due: done, completed: done, brought: true, now: done + .seconds(3 * 86_400))
        #expect(next.dueAt == nil)
    }

    @Test func `a completion in the future does not put the next look off`() {
        let next = DetailLadder.finished(rung: 0, due: done, completed: done + .seconds(86_400 * 30), brought: true, now: done)
        #expect(next.dueAt == done + .seconds(120))
    }

    @Test func `an idle unfinished run is read ever less often, never less than the slowest pace`() {
        var rung = 0
        var waits: [Duration] = []
        for _ in 0..<12 {
            let next = DetailLadder.unfinished(rung: rung, brought: false, fastest: .seconds(10), slowest: .seconds(300), now: done)
            waits.append(done.duration(to: next.dueAt ?? done))
            rung = next.rung
        }
        #expect(waits.first == .seconds(15))
        #expect(waits == waits.sorted())
        #expect(waits.last == .seconds(300))
        #expect(
            DetailLadder.unfinished(rung: 9, brought: true, fastest: .seconds(10), slowest: .seconds(300), now: done).dueAt == done
                + .seconds(10))
    }
}

struct AdaptivePaceTests {
    @Test func `what brought something is looked at sooner, what is idle later`() {
        var pace = AdaptivePace(.seconds(10), .seconds(300))
        #expect(pace.next(brought: false) == .seconds(15))
        #expect(pace.next(brought: false) == .seconds(22.5))
        #expect(pace.next(brought: true) == .seconds(10))
        for _ in 0..<20 { _ = pace.next(brought: false) }
        #expect(pace.current == .seconds(300))
    }

    @Test func `errors wait 2, 4 and at most 8 times the pace, and never more than five minutes`() {
        var backoff = ErrorBackoff()
        #expect((0..<4).map { _ in backoff.failed(pace: .seconds(10)) } == [20, 40, 80, 80].map(Duration.seconds))
        backoff.succeeded()
        #expect(backoff.failed(pace: .seconds(10)) == .seconds(20))
        var slow = ErrorBackoff()
        #expect(slow.failed(pace: .seconds(200)) == .seconds(300))
    }
}
