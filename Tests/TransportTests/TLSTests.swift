import Foundation
import RelayCore
import RelaySupport
import Testing
import Transport

/// Certificates are verified, against the configured authority if one is set. Passwords are sent only over safe connections.
@Suite(.serialized) struct TLSTests {
    /// Making keys takes time, so all tests share one place.
    private static let place = Result { try TLSPlace() }

    private func server(
        _ security: MailServer.Security, _ place: TLSPlace, caFile: String?, password: String? = nil, login: String? = nil
    ) -> MailServer {
        MailServer(
            host: "127.0.0.1", port: security == .implicit ? place.smtps : place.starttls, security: security,
            username: password == nil ? nil : "relay", password: password.map { Secret($0) }, loginOptions: login,
            network: NetworkOptions(caFile: caFile))
    }

    private func get(_ place: TLSPlace, caFile: String?) async throws -> Int {
        let client = HTTPClient()
        defer { client.shutdown() }
        return try await client.send(
            HTTPRequest("GET", Secret("https://127.0.0.1:\(place.https)/"), network: NetworkOptions(caFile: caFile))
        ).status
    }

    private func mail(_ server: MailServer) -> MailRequest {
        MailRequest(
            server: server, from: "relay@box.test", to: "ann@box.test", message: Array("Subject: x\r\n\r\nhello\r\n".utf8))
    }

    @Test func `a host is trusted by one's own authority, and by no other`() async throws {
        let place = try Self.place.get()
        #expect(try await get(place, caFile: place.authority) == 200)
        for file in [place.stranger, nil] {
            let error = await #expect(throws: TransportError.self) { try await get(place, caFile: file) }
            #expect(error?.reason == .tls && error?.sent == false)
        }
    }

    @Test(arguments: [MailServer.Security.implicit, .startTLS])
    func `mail goes where the authority is known, and not a word where not`(security: MailServer.Security) async throws {
        let place = try Self.place.get()
        let client = MailClient()
        defer { client.shutdown() }
        let before = place.mails
        #expect(try await client.send(mail(server(security, place, caFile: place.authority))).stage == .accepted)
        let error = await #expect(throws: TransportError.self) {
            try await client.send(mail(server(security, place, caFile: place.stranger, password: "sesame")))
        }
        #expect(error?.reason == .tls && error?.sent == false)
        #expect(place.mails == before + 1)
    }

    @Test(arguments: ["AUTH=PLAIN", "AUTH=LOGIN"])
    func `a password is taken, and a wrong one is the login's matter`(login: String) async throws {
        let place = try Self.place.get()
        let client = MailClient()
        defer { client.shutdown() }
        let good = server(.implicit, place, caFile: place.authority, password: "sesame", login: login)
        #expect(try await client.send(mail(good)).stage == .accepted)
        let response = try await client.send(mail(server(.implicit, place, caFile: place.authority, password: "wrong", login: login)))
        #expect(response.stage == .login && response.code == 535)
    }

    @Test func `a greeting logs in and delivers nothing`() async throws {
        let place = try Self.place.get()
        let client = MailClient()
        defer { client.shutdown() }
        let before = place.mails
        let good = try await client.ask(
            server(.startTLS, place, caFile: place.authority, password: "sesame"), from: "relay@box.test", to: "ann@box.test")
        #expect(good.stage == .accepted && good.code == 250)
        #expect(
            try await client.ask(
                server(.startTLS, place, caFile: place.authority, password: "wrong"), from: "relay@box.test", to: "ann@box.test"
            ).stage == .login)
        await #expect(throws: TransportError.self) {
            try await client.ask(server(.startTLS, place, caFile: place.stranger), from: "relay@box.test", to: "ann@box.test")
        }
        #expect(place.mails == before)
    }
}
