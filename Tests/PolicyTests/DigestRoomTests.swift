import Testing

@testable import Policy

struct DigestRoomTests {
    @Test func `where many are new and many fail still, half of the room is for each`() {
        let room = DigestMaker.Room()
        #expect(room.newFailures(of: 40, beside: 40) == 10)
        #expect(room.newFailures(of: 40, beside: 3) == 17)
        #expect(room.newFailures(of: 4, beside: 40) == 4)
        #expect(DigestMaker.Room.everything.newFailures(of: 4_000, beside: 5_000) == 4_000)
    }
}
