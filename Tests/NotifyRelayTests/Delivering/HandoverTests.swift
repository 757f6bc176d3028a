import RelaySupport
import Testing

@testable import NotifyRelay

/// A prepared message is handed over only when so few are in hand that a crash repeats one for each unit of width.
struct HandoverTests {
    private func entered(_ place: HandoverSlots.Place) async -> Bool { await BlockingCall.run { place.enter(unless: { false }) } }

    @Test func `the next message waits until the last one is recorded`() async {
        let slots = HandoverSlots(width: 1), first = HandoverSlots.Place(in: slots), second = HandoverSlots.Place(in: slots)
        #expect(await entered(first))
        let isIn = Locked(false)
        let waiting = Task {
            let entered = await entered(second)
            isIn.withLock { $0 = true }
            return entered
        }
        try? await Task.sleep(for: .milliseconds(50))
        #expect(!isIn.withLock { $0 })
        first.recorded()
        #expect(await waiting.value)
        #expect(!second.isWithheld)
    }

    @Test func `a message that is prepared for a lane that takes nothing now goes back`() async {
        let slots = HandoverSlots(width: 1), first = HandoverSlots.Place(in: slots)
        let second = HandoverSlots.Place(in: slots, isAhead: true)
        #expect(await entered(first))
        let waiting = Task { await entered(second) }
        try? await Task.sleep(for: .milliseconds(20))
        slots.adopt(width: 1, isOpen: false)
        #expect(await !waiting.value)
        #expect(second.isWithheld)
        // It holds no place, so the next one is not kept out.
        second.recorded()
        first.recorded()
        slots.adopt(width: 1, isOpen: true)
        #expect(await entered(HandoverSlots.Place(in: slots)))
    }

    @Test func `a probe is handed over although its lane is not open`() async {
        let slots = HandoverSlots(width: 1)
        slots.adopt(width: 1, isOpen: false)
        #expect(await entered(HandoverSlots.Place(in: slots)))
    }

    @Test func `as many are in hand as the lane is wide`() async {
        let slots = HandoverSlots(width: 2), places = (0..<3).map { _ in HandoverSlots.Place(in: slots) }
        #expect(await entered(places[0]))
        #expect(await entered(places[1]))
        #expect(await BlockingCall.run { !places[2].enter(unless: { true }) })
    }
}
