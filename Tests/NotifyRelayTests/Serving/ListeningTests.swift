import RelaySupport
import Testing
import Transport

@testable import NotifyRelay

/// Who goes when a listener has too many connections.
struct ConnectionRoomTests {
    private let closed = Locked<[String]>([])

    private func enter(_ room: ConnectionRoom, _ owner: String, _ name: String, isProxy: Bool = false) -> ConnectionRoom.Guest? {
        let closed = closed
        return room.enter(owner, isProxy: isProxy) { closed.withLock { $0.append(name) } }
    }

    private var gone: [String] { closed.withLock { $0 } }

    @Test func `a new connection takes the place of the oldest idle one of its own address`() throws {
        let room = ConnectionRoom(most: 100, ofOne: 3, bytes: 1_000)
        let first = try #require(enter(room, "a", "a1"))
        room.mark(try #require(enter(room, "a", "a2")), .busy)
        _ = enter(room, "a", "a3")
        _ = enter(room, "b", "b1")
        // a1 was used last.
        room.mark(first, .receiving)
        room.mark(first, .idle)
        #expect(enter(room, "a", "a4") != nil && gone == ["a3"])
        #expect(enter(room, "a", "a5") != nil && gone == ["a3", "a1"])
        #expect(room.count == 4)
    }

    @Test func `whoever has most makes room for others, and never for themselves alone`() throws {
        let room = ConnectionRoom(most: 4, ofOne: 3, bytes: 1_000)
        for name in ["a1", "a2", "a3"] { _ = enter(room, "a", name) }
        _ = enter(room, "b", "b1")
        #expect(enter(room, "c", "c1") != nil && gone == ["a1"])
        #expect(enter(room, "d", "d1") != nil && gone == ["a1", "a2"])
        #expect(room.count == 4)
    }

    @Test func `what is worked on stays, and who finds only that is refused`() throws {
        let room = ConnectionRoom(most: 2, ofOne: 2, bytes: 1_000)
        for name in ["a1", "a2"] { room.mark(try #require(enter(room, "a", name)), .busy) }
        #expect(enter(room, "a", "a3") == nil && enter(room, "b", "b1") == nil && gone.isEmpty)
    }

    @Test func `whoever has all connections in work makes room for somebody else`() throws {
        let room = ConnectionRoom(most: 8, ofOne: 8, bytes: 1_000)
        for number in 0..<8 { room.mark(try #require(enter(room, "a", "a\(number)")), .busy) }
        #expect(enter(room, "b", "b1") != nil && gone == ["a0"])
    }

    @Test func `the connections of a proxy are counted for its clients`() throws {
        let room = ConnectionRoom(most: 100, ofOne: 2, bytes: 1_000)
        var guests: [ConnectionRoom.Guest] = []
        for number in 0..<6 { guests.append(try #require(enter(room, "proxy", "p\(number)", isProxy: true))) }
        for guest in guests[..<4] { room.rename(guest, to: "client") }
        #expect(gone == ["p0", "p1"])
        #expect(room.count == 4)
    }

    @Test func `bodies together have a bound, and the oldest of whoever holds most goes`() throws {
        let room = ConnectionRoom(most: 100, ofOne: 50, bytes: 1_000)
        var names: [String: ConnectionRoom.Guest] = [:]
        for (owner, name) in [("a", "a1"), ("a", "a2"), ("b", "b1")] {
            let guest = try #require(enter(room, owner, name))
            room.mark(guest, .receiving)
            room.received(guest, 300)
            names[name] = guest
        }
        #expect(gone.isEmpty)
        room.received(try #require(names["b1"]), 150)
        #expect(gone == ["a1"])
        // What left counts no more, and what was answered neither.
        room.mark(try #require(names["a2"]), .idle)
        room.received(try #require(names["b1"]), 500)
        #expect(gone == ["a1"])
    }
}

/// Who asks, and for which host, behind proxies and without them.
struct TrustedProxiesTests {
    private let proxies = TrustedProxies(blocks: ["10.0.0.0/8", "::1"].compactMap { AddressBlock($0) })

    @Test(arguments: [
        ("192.0.2.7", ["203.0.113.9"], "192.0.2.7"), ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"), ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["6.6.6.6, 203.0.113.9, 10.2.3.4"], "203.0.113.9"), ("10.0.0.1", ["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["10.1.1.1, 10.2.2.2"], "10.1.1.1"), ("10.0.0.1", ["203.0.113.9, <script>"], "10.0.0.1"),
        ("::1", ["[2001:db8::9]:4711"], "2001:db8::9"), ("::1", ["203.0.113.9:4711"], "203.0.113.9"), ("::1", ["unknown"], "::1"),
    ])
    func `the client is the last one that is no trusted proxy`(peer: String, forwarded: [String], client: String) {
        #expect(proxies.client(of: peer, forwarded: forwarded) == client)
    }

    @Test func `the audit shows what a trusted proxy says, and nobody else`() async {
        var request = PublicRequest(method: "GET", segments: [], headers: [(name: "x-forwarded-for", value: "6.6.6.6")], peer: "192.0.2.7")
        #expect(request.address == "192.0.2.7")
        request.client = "203.0.113.9"
        #expect(request.address == "203.0.113.9")
    }
}

/// The names that pages answer to.
struct HostGuardTests {
    private let hosts = HostGuard(["relay.example", "Desk.Example"], machine: "box")

    @Test(arguments: [
        nil, "", "relay.example", "relay.example:8443", "RELAY.example.", "desk.example", "localhost:8080", "box", "127.0.0.1:8080",
        "[::1]:8080",
        "192.0.2.7",
    ])
    func `its own names and addresses are answered`(host: String?) { #expect(hosts.allows(host)) }

    @Test(arguments: [
        "evil.example", "relay.example.evil.example", "xrelay.example", "127.0.0.1.evil.example", "localhost.evil.example",
        "[::1].evil.example", "[::1]x", "[::1]:80@evil.example", "[fe80::1%evil.example]", "127.0.0.1:abc", "[::1",
    ])
    func `any other name is not`(host: String) { #expect(!hosts.allows(host)) }

    @Test func `a page on a name of somebody else is 421, and the callbacks of chats answer to any`() async throws {
        let scene = try await DecidingScene(), token = try scene.token()
        let site = PublicSite(pages: scene.pages, hooks: scene.house.hooks, hosts: hosts)
        for (host, status) in [("evil.example", 421), ("relay.example", 200), ("127.0.0.1:1", 200)] {
            #expect(await site.answer(PublicRequest(method: "GET", segments: ["a", token], host: host)).status == status)
        }
        #expect(await site.answer(PublicRequest(method: "POST", segments: ["hooks", "slack"], host: "evil.example")).status == 401)
    }
}
