import Glibc
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Transport

/// One policy judges direct and proxied connections. Names are resolved by a table, and the only server is a proxy on loopback that never goes
/// further, so that no test reaches a refused address.
@Suite(.timeLimit(.minutes(1)))
struct OutgoingPolicyTests {
    private static let table: [String: [String]] = [
        "sly.test": ["192.0.2.1", "169.254.169.254"], "six.test": ["64:ff9b::a9fe:a9fe"], "good.test": ["192.0.2.1"],
        "sidecar.test": ["169.254.1.1"],
    ]
    private let policy = OutgoingPolicy(lookup: HostLookup(resolve: { (table[$0] ?? []).compactMap { NetworkAddress($0) } }))

    private func send(_ url: String, through proxy: RawServer, allows: Bool = false) async throws -> Int {
        let client = HTTPClient(policy: policy)
        defer { client.shutdown() }
        let network = NetworkOptions(proxy: Secret("http://127.0.0.1:\(proxy.port)"), allowLinkLocal: allows)
        return try await client.send(HTTPRequest("GET", Secret(url), network: network)).status
    }

    private func proxy() -> RawServer {
        RawServer { connection, _ in while connection.request() != nil { connection.answer("200 Proxied") } }
    }

    @Test(arguments: [
        "169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "[fd20:ce::254]", "[::ffff:169.254.169.254]", "2852039166",
        "metadata.google.internal", "METADATA.GOOG.", "sly.test", "six.test",
    ])
    func `a proxy is not asked for a refused address, by number, name or what the name resolves to here`(host: String) async {
        let proxy = proxy()
        defer { proxy.stop() }
        let error = await #expect(throws: TransportError.self) { try await send("http://\(host)/latest", through: proxy) }
        #expect(error?.reason == .forbiddenAddress && error?.sent == false)
        #expect(proxy.connections == 0)
    }

    @Test(arguments: ["good.test", "nowhere.test"]) func `other names go to the proxy, also those that do not resolve here`(host: String)
        async throws
    {
        let proxy = proxy()
        defer { proxy.stop() }
        #expect(try await send("http://\(host)/", through: proxy) == 200)
    }

    @Test func `allow_link_local leaves the proxy to decide`() async throws {
        let proxy = proxy()
        defer { proxy.stop() }
        #expect(try await send("http://sly.test/", through: proxy, allows: true) == 200)
    }

    @Test func `a mail server behind a proxy is judged alike`() async {
        let proxy = proxy()
        defer { proxy.stop() }
        let network = NetworkOptions(proxy: Secret("http://127.0.0.1:\(proxy.port)"))
        let client = MailClient(policy: policy)
        defer { client.shutdown() }
        let server = MailServer(host: "sly.test", port: 25, security: .plain, ehlo: "relay.test", network: network)
        let mail = MailRequest(server: server, from: "a@box.test", to: "b@box.test", message: Array("Subject: x\r\n\r\nhello\r\n".utf8))
        for attempt in [{ try await client.send(mail) }, { try await client.ask(server, from: "a@box.test", to: "b@box.test") }] {
            let error = await #expect(throws: TransportError.self) { _ = try await attempt() }
            #expect(error?.reason == .forbiddenAddress && error?.sent == false)
        }
        #expect(proxy.connections == 0)
    }

    @Test func `a proxy's own address is exempt, at its port and nowhere else`() async throws {
        for proxy in ["http://169.254.1.1:3128", "http://sidecar.test:3128"] {
            let judge = try await policy.judge("good.test", scheme: "https", network: NetworkOptions(proxy: Secret(proxy)))
            #expect(judge.allows(NetworkAddress("169.254.1.1"), port: 3_128), "\(proxy)")
            #expect(!judge.allows(NetworkAddress("169.254.1.1"), port: 80))
            #expect(!judge.allows(NetworkAddress("169.254.169.254"), port: 3_128))
        }
    }

    @Test func `a direct connection is judged by the address that it connects to`() async throws {
        let judge = try await policy.judge("good.test", scheme: "https", network: NetworkOptions(proxy: Secret("")))
        #expect(judge.allows(NetworkAddress("192.0.2.1"), port: 443))
        for address in ["169.254.169.254", "100.100.100.200", "fd00:ec2::254", "::ffff:168.63.129.16"] {
            #expect(!judge.allows(NetworkAddress(address), port: 443), "\(address)")
        }
        let open = try await policy.judge("169.254.1.1", scheme: "http", network: NetworkOptions(proxy: Secret(""), allowLinkLocal: true))
        #expect(open.allows(NetworkAddress("169.254.1.1"), port: 80))
    }
}

/// How names are asked for, without a request that waits for long.
@Suite(.timeLimit(.minutes(1)))
struct HostLookupTests {
    private static let address = NetworkAddress(four: [192, 0, 2, 1])

    @Test func `a name is asked for once in a while, also by many at once`() async {
        let asked = Locked(0)
        let lookup = HostLookup(resolve: { _ in
            asked.withLock { $0 += 1 }
            return [Self.address]
        })
        await withTaskGroup(of: [NetworkAddress].self) { group in
            for _ in 0..<50 { group.addTask { await lookup.addresses(of: "a.test") } }
            for await addresses in group { #expect(addresses == [Self.address]) }
        }
        #expect(asked.withLock { $0 } == 1)
        #expect(await lookup.addresses(of: "127.0.0.1") == [NetworkAddress(four: [127, 0, 0, 1])])
        #expect(asked.withLock { $0 } == 1)
    }

    @Test func `a resolver that stalls holds nobody up for long, and its late answer counts`() async {
        let (answers, answer) = AsyncStream.makeStream(of: [NetworkAddress].self)
        let isFree = Locked(false)
        let lookup = HostLookup(
            patience: .milliseconds(20),
            resolve: { _ in
                while !isFree.withLock({ $0 }) { usleep(1_000) }
                answer.yield([Self.address])
                return [Self.address]
            })
        #expect(await lookup.addresses(of: "slow.test") == [])
        #expect(await lookup.addresses(of: "slow.test") == [])
        isFree.withLock { $0 = true }
        for await _ in answers { break }
        while await lookup.addresses(of: "slow.test").isEmpty { await Task.yield() }
        #expect(await lookup.addresses(of: "slow.test") == [Self.address])
    }

    @Test func `a machine without a thread to ask holds nobody up`() async {
        let lookup = HostLookup(startThread: { _ in false }, resolve: { _ in [Self.address] })
        #expect(await lookup.addresses(of: "a.test") == [])
    }

    /// A bare Debian has no /etc/hosts, and then no such name.
    @Test(.enabled(if: access("/etc/hosts", R_OK) == 0)) func `this machine's own name is found by the system`() {
        #expect(!NetworkAddress.all(of: "localhost").isEmpty)
    }
}
