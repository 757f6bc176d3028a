import RelayCore
import Testing

@testable import Policy

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

    @Test(arguments: [Int.min, -1, 0, 3, 99, Int.max]) func `any stored rung of the ladder has a next look`(rung: Int) {
        let now = Timestamp(seconds: 1_795_510_800)
        let finished = DetailLadder.finished(rung: rung, due: now, completed: now, brought: false, now: now)
        #expect(finished.rung >= 1)
    }
}
