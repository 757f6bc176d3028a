import Policy
import RelayCore
import Testing

struct ClaimBatchTests {
    private let now = Timestamp(seconds: 1_795_510_800)

    @Test func `a lane that uses up what it claims claims twice as many, up to a bound`() {
        var batch = ClaimBatch(), sizes: [Int] = []
        for _ in 0..<8 {
            let wanted = batch.next(least: 2, room: nil, at: now)
            sizes.append(wanted)
            batch.claimed(wanted, of: wanted, at: now)
        }
        #expect(sizes == [2, 4, 8, 16, 32, 64, 128, 256])
        #expect(batch.next(least: 2, room: nil, at: now) == 256)
    }

    @Test func `a slow lane, or one that owed no more, claims few again`() {
        var batch = ClaimBatch()
        batch.claimed(2, of: 2, at: now)
        #expect(batch.next(least: 2, room: nil, at: now + .seconds(1)) == 2)
        batch.claimed(1, of: 2, at: now)
        #expect(batch.next(least: 2, room: nil, at: now) == 2)
    }

    @Test func `no more is claimed than the pace lets through`() {
        var batch = ClaimBatch()
        batch.claimed(8, of: 8, at: now)
        #expect(batch.next(least: 8, room: 3, at: now) == 3)
        #expect(batch.next(least: 8, room: 0, at: now) == 1)
        var pacer = Pacer(burst: 3, every: .seconds(10))
        #expect(pacer.room(now) == 3)
        pacer.take(now)
        #expect(pacer.room(now) == 2 && pacer.room(now + .seconds(10)) == 3)
    }
}
