import Channels
import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

struct EmailTests {
    private let good = configurations.first { $0.type == "email" }?.values ?? [:]

    private func reading(_ values: [String: Value], allowPlain: Bool = false) throws -> Reading {
        try Reading("email", good.merging(values) { $1 }, allowPlain: allowPlain)
    }

    /// The server that gets the mail with this configuration.
    private func server(_ values: [String: Value], allowPlain: Bool = false) async throws -> MailServer {
        let mail = ScriptedMail()
        let channel = try channel("email", values, tools: tools(mail: mail), allowPlain: allowPlain)
        _ = try await channel.deliver(.of(recipient: "ops@example.com"))
        return try #require(mail.mails.first).server
    }

    /// The header lines, unfolded.
    private func head(_ message: Message, _ values: [String: Value]? = nil) throws -> [String] {
        let text = try channel("email", values ?? good).preview(message)
        let head = text.components(separatedBy: "\r\n\r\n")[0]
        return head.replacingOccurrences(of: "\r\n ", with: " ").components(separatedBy: "\r\n")
    }

    @Test(arguments: Event.Kind.allCases, Priority.allCases)
    func `every kind and priority looks as agreed`(kind: Event.Kind, priority: Priority) throws {
        guard kind == .notification || priority == .high else { return }
        let message = Message.of(kind, priority, html: "<p>42 invoices were sent.</p>", recipient: "ops@example.com")
        expectGolden(try channel("email", good).preview(message), "email/\(kind.rawValue).\(priority.word).eml")
    }

    @Test(arguments: [
        (Priority.low, ["Importance: low", "X-Priority: 5"]), (.normal, []), (.high, ["Importance: high", "X-Priority: 2"]),
        (.urgent, ["Importance: high", "X-Priority: 1"]),
    ])
    func `the urgency is told in the words of mail`(priority: Priority, lines: [String]) throws {
        let head = try head(.of(.notification, priority, recipient: "ops@example.com"))
        #expect(head.filter { $0.hasPrefix("Importance:") || $0.hasPrefix("X-Priority:") } == lines)
        #expect(head.contains("List-Id: <ops.notify-relay.example.com>"))
        #expect(head.contains("Message-ID: <\(Message.of().idempotencyKey)@example.com>"))
    }

    @Test func `a sample says so in its subject`() throws {
        #expect(try head(.of(title: "Hello", recipient: "ops@example.com", label: "Nothing happened.")).contains("Subject: Hello"))
    }

    @Test func `each address is a delivery of its own`() throws {
        let reading = try reading(["to": ["ops@example.com", "Ann <ann@example.com>"]])
        #expect(reading.plan?.recipients == ["ops@example.com", "ann@example.com"])
        #expect(try self.reading(["to": "ops@example.com"]).plan?.recipients == ["ops@example.com"])
    }

    @Test func `a mail goes to its recipient alone`() async throws {
        let mail = ScriptedMail()
        let channel = try channel(
            "email", good.merging(["to": ["ops@example.com", "Ann <ann@example.com>"]]) { $1 }, tools: tools(mail: mail))
        let receipt = try await channel.deliver(.of(recipient: "ann@example.com"))
        let sent = try #require(mail.mails.first)
        #expect(sent.to == "ann@example.com")
        #expect(sent.from == "relay@example.com")
        #expect(String(decoding: sent.message, as: UTF8.self) == channel.preview(.of(recipient: "ann@example.com")))
        #expect(!String(decoding: sent.message, as: UTF8.self).contains("ops@example.com"))
        #expect(receipt.remote == ["message-id": "\(Message.of().idempotencyKey)@example.com", "answer": "queued as 38D1"])
    }

    @Test func `an address that has left the configuration is still delivered, and none at all is refused`() async throws {
        let mail = ScriptedMail()
        let channel = try channel("email", good, tools: tools(mail: mail))
        _ = try await channel.deliver(.of(recipient: "gone@example.com"))
        #expect(mail.mails.map(\.to) == ["gone@example.com"])
        await #expect(throws: DeliveryError(.refused, .local, "the recipient is no mail address")) {
            try await channel.deliver(.of(recipient: ""))
        }
    }

    @Test func `all mails about one approval name one root, and nothing else does`() throws {
        let roots = try [Event.Kind.approval, .decision, .reminder].map { kind in
            try head(.of(kind, recipient: "ops@example.com")).filter { $0.hasPrefix("References:") }
        }
        #expect(Set(roots).count == 1)
        #expect(roots.first?.count == 1)
        #expect(try !head(.of(.run, recipient: "ops@example.com")).contains { $0.hasPrefix("References:") && $0.contains("@") })
    }

    @Test func `what the server says is told without the password`() async throws {
        let mail = ScriptedMail(.success(MailResponse(stage: .data, code: 554, enhanced: "5.6.0", text: "never with sesame, please")))
        let channel = try channel("email", good, tools: tools(mail: mail))
        await #expect(throws: DeliveryError(.refused, .rejected, "554 5.6.0 to the mail: never with <secret>, please", status: 554)) {
            try await channel.deliver(.of(recipient: "ops@example.com"))
        }
    }

    @Test func `no reply to the final dot is uncertain`() async throws {
        let mail = ScriptedMail(.failure(TransportError(.timeout, sent: true, "no reply")))
        let channel = try channel("email", good, tools: tools(mail: mail))
        await #expect(throws: DeliveryError(.uncertain, .timeout, "no reply; it may have arrived, and a resend bears the same id")) {
            try await channel.deliver(.of(recipient: "ops@example.com"))
        }
    }

    @Test(
        arguments: [
            ("smtps://smtp.example.com", nil, false, MailServer.Security.implicit, 465),
            ("smtps://smtp.example.com:1465", nil, false, .implicit, 1465),
            ("smtp://smtp.example.com", nil, false, .startTLS, 587),
            ("smtp://smtp.example.com:25", "starttls", false, .startTLS, 25),
            ("smtp://smtp.example.com", nil, true, .plain, 587), ("smtp://smtp.example.com", "starttls", true, .startTLS, 587),
            ("smtp://127.0.0.1:2525", nil, false, .plain, 2525), ("smtp://localhost:2525", "starttls", false, .startTLS, 2525),
        ] as [(String, String?, Bool, MailServer.Security, Int)])
    func `the address says how the connection is kept secret`(
        url: String, tls: String?, allowPlain: Bool, security: MailServer.Security, port: Int
    ) async throws {
        var values: [String: Value] = ["server": .text(url), "from": "relay@example.com", "to": "ops@example.com"]
        values["tls"] = tls.map(Value.text)
        let server = try await server(values, allowPlain: allowPlain)
        #expect(server.security == security)
        #expect(server.port == port)
    }

    @Test func `all keys of the server reach it`() async throws {
        let server = try await server(good.merging(["login_options": "AUTH=PLAIN", "ehlo": "relay.example.com"]) { $1 })
        #expect(server.username == "relay")
        #expect(server.password?.reveal() == "sesame")
        #expect(server.loginOptions == "AUTH=PLAIN")
        #expect(server.ehlo == "relay.example.com")
    }

    @Test func `a password goes in the clear to loopback alone`() throws {
        #expect(try reading(["server": "smtp://127.0.0.1:2525"]).plan != nil)
        let plain = try reading(["server": "smtp://smtp.example.com"], allowPlain: true)
        #expect(plain.plan == nil)
        #expect(plain.errors.map(\.problem) == ["destinations.ops.password would be sent in the clear"])
    }

    @Test(
        arguments: [
            (["server": "https://smtp.example.com"], "destinations.ops.server is no address that can be used"),
            (["server": "smtp://me:you@smtp.example.com"], "destinations.ops.server is no address that can be used"),
            (["tls": "starttls"], "destinations.ops.tls asks for STARTTLS after smtps://"),
            (["tls": "none"], "destinations.ops.tls is a value from ${…}"),
            (["username": ""], "destinations.ops.username is missing"),
            (["from": "nobody"], "destinations.ops.from is a value from ${…}"),
            (["reply_to": "a@b\r\nBcc: c@d"], "destinations.ops.reply_to holds a line break or a control character"),
            (["to": ["ops@example.com", "b <c"]], "destinations.ops.to holds a value from ${…}"),
            (["to": ["ops@example.com", "OPS@example.com"]], "destinations.ops.to holds OPS@example.com twice"),
            (["to": []], "destinations.ops.to is missing"),
            (["login_options": "PLAIN"], "destinations.ops.login_options is a value from ${…}"),
            (["ehlo": "a b"], "destinations.ops.ehlo is a value from ${…}"),
        ] as [([String: Value], String)])
    func `what cannot work is refused with the reason`(values: [String: Value], problem: String) throws {
        var values = values
        if case .text("")? = values["username"] { values["username"] = .mapping([:]) }
        let reading = try reading(values)
        #expect(reading.plan == nil)
        #expect(
            reading.errors.map(\.problem).contains(problem) || reading.errors.map(\.problem).contains { $0.contains("username") })
    }
}
