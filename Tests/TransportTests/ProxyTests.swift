import Foundation
import Glibc
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

/// Requests through a proxy: what the proxy is told, what it cannot see, and what never goes to it.
@Suite(.timeLimit(.minutes(1)))
struct ProxyTests {
    private static let place = Result { try TLSPlace() }

    private func through(_ proxy: RawServer, caFile: String? = nil) -> NetworkOptions {
        NetworkOptions(caFile: caFile, proxy: Secret("http://127.0.0.1:\(proxy.port)"))
    }

    private func get(_ url: String, _ network: NetworkOptions) async throws -> Int {
        let client = HTTPClient()
        defer { client.shutdown() }
        let request = HTTPRequest("GET", Secret(url), headers: [("Authorization", Secret("Bearer sesame"))], network: network)
        return try await client.send(request).status
    }

    @Test func `HTTPS goes through a tunnel, and the proxy sees but the name`() async throws {
        let place = try Self.place.get()
        let proxy = RawServer.tunnel(to: place.https)
        defer { proxy.stop() }
        #expect(try await get("https://127.0.0.1:\(place.https)/secret", through(proxy, caFile: place.authority)) == 200)
        #expect(proxy.received.count == 1)
        let head = try #require(proxy.received.first)
        #expect(head.hasPrefix("CONNECT 127.0.0.1:\(place.https) HTTP/1.1"))
        #expect(!head.contains("secret") && !head.contains("sesame"))
    }

    @Test func `behind a tunnel the host must still be the one that was meant`() async throws {
        let place = try Self.place.get()
        let proxy = RawServer.tunnel(to: place.https)
        defer { proxy.stop() }
        let error = await #expect(throws: TransportError.self) {
            try await get("https://other.test/", through(proxy, caFile: place.authority))
        }
        #expect(error?.reason == .tls && error?.sent == false)
    }

    @Test(arguments: [MailServer.Security.implicit, .startTLS])
    func `mail goes through a tunnel too, and the proxy sees no password`(security: MailServer.Security) async throws {
        let place = try Self.place.get()
        let port = security == .implicit ? place.smtps : place.starttls
        let proxy = RawServer.tunnel(to: port)
        let client = MailClient()
        defer {
            client.shutdown()
            proxy.stop()
        }
        let server = MailServer(
            host: "127.0.0.1", port: port, security: security, username: "relay", password: Secret("sesame"), ehlo: "relay.test",
            network: through(proxy, caFile: place.authority))
        let mail = MailRequest(server: server, from: "a@box.test", to: "b@box.test", message: Array("Subject: x\r\n\r\nhello\r\n".utf8))
        #expect(try await client.send(mail).stage == .accepted)
        #expect(proxy.received.map { $0.prefix { $0 != "\r\n" } } == ["CONNECT 127.0.0.1:\(port) HTTP/1.1"])
    }

    @Test func `a proxy that will not is an error, and nothing was sent`() async throws {
        let proxy = RawServer { connection, _ in
            _ = connection.request()
            connection.answer("403 Forbidden")
        }
        defer { proxy.stop() }
        let error = await #expect(throws: TransportError.self) { try await get("https://relay.test/", through(proxy)) }
        #expect(error?.sent == false)
    }

    @Test func `a proxy that is not there is unreachable, and its address is not told`() async throws {
        let client = HTTPClient()
        defer { client.shutdown() }
        let network = NetworkOptions(proxy: Secret("http://relay:sesame@127.0.0.1:1"))
        let error = try #require(
            await #expect(throws: TransportError.self) {
                try await client.send(HTTPRequest("GET", Secret("http://relay.test/"), network: network))
            })
        #expect(error.reason == .unreachable && !error.sent && !"\(error)".contains("sesame"))
    }

    /// This runs in a separate process, because all tests share the environment.
    @Test func `the environment's proxy is taken for other hosts, and never for this one`() async {
        await #expect(processExitsWith: .success) { try await meetTheEnvironment() }
    }
}

private func meetTheEnvironment() async throws {
    let proxy = RawServer { connection, _ in while connection.request() != nil { connection.answer("200 Proxied") } }
    let here = RawServer { connection, _ in while connection.request() != nil { connection.answer("204 Here") } }
    let mailbox = ScriptedMailServer()
    for name in ["http_proxy", "all_proxy"] { setenv(name, "http://127.0.0.1:\(proxy.port)", 1) }
    for name in ["no_proxy", "NO_PROXY"] { unsetenv(name) }
    let client = HTTPClient()
    #expect(try await client.send(HTTPRequest("GET", Secret("http://relay.test/"))).status == 200)
    for host in ["127.0.0.1", "localhost", "hook.localhost"] {
        #expect(try await client.send(HTTPRequest("GET", Secret("http://\(host):\(here.port)/"))).status == 204)
    }
    let server = MailServer(host: "127.0.0.1", port: mailbox.port, security: .plain, ehlo: "relay.test")
    let mail = MailRequest(server: server, from: "a@box.test", to: "b@box.test", message: Array("Subject: x\r\n\r\nx\r\n".utf8))
    #expect(try await MailClient().send(mail).stage == .accepted)
    #expect(proxy.received.map { $0.prefix { $0 != "\r\n" } } == ["GET http://relay.test/ HTTP/1.1"])
}

extension RawServer {
    /// A proxy that connects every client to one port of this machine, whatever the client asked for.
    fileprivate static func tunnel(to port: Int) -> RawServer {
        RawServer { connection, _ in
            guard connection.request() != nil else { return }
            let far = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(far) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(port).bigEndian)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let isConnected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(far, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            guard isConnected else { return connection.answer("502 Bad Gateway") }
            connection.write("HTTP/1.1 200 Connection established\r\n\r\n")
            carry(between: connection.descriptor, and: far)
        }
    }

    /// Copies bytes both ways until either side ends.
    private static func carry(between near: Int32, and far: Int32) {
        var ends = [near, far].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while poll(&ends, 2, -1) > 0 {
            for (index, end) in ends.enumerated() where end.revents != 0 {
                let count = read(end.fd, &buffer, buffer.count)
                guard count > 0 else { return }
                _ = send(ends[1 - index].fd, buffer, count, Int32(MSG_NOSIGNAL))
            }
        }
    }
}
