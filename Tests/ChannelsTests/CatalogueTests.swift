import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

/// The rules that every type must follow. A new type needs only one line in `configurations`.
struct CatalogueTests {
    @Test func `every type is tried here, and each name is one`() {
        #expect(Set(configurations.map(\.type)) == Set(Catalogue.types.map(\.name)))
        #expect(Set(Catalogue.types.map(\.name)).count == Catalogue.types.count)
    }

    @Test(arguments: configurations.indices)
    func `a good configuration brings a channel and no complaint`(index: Int) throws {
        let reading = try Reading(configurations[index].type, configurations[index].values)
        #expect(reading.problems.isEmpty)
        #expect(reading.plan != nil)
    }

    @Test(arguments: configurations.indices)
    func `an unknown key is refused, and the nearest known one is named`(index: Int) throws {
        var values = configurations[index].values
        values["passwort_"] = "x"
        let reading = try Reading(configurations[index].type, values)
        #expect(reading.errors.map(\.problem) == ["unknown key 'passwort_' in destinations.ops"])
    }

    @Test(arguments: configurations.indices)
    func `every key that is left out is missed`(index: Int) throws {
        let (type, values, _) = configurations[index]
        let optional: Set = ["secret", "old_secret", "headers", "username", "password", "thread", "telegram.topic", "ntfy.token"]
        for key in values.keys where !optional.contains(key) && !optional.contains("\(type).\(key)") {
            let reading = try Reading(type, values.filter { $0.key != key })
            #expect(reading.errors.map(\.problem) == ["destinations.ops.\(key) is missing"])
            #expect(reading.plan == nil)
        }
    }

    @Test(arguments: configurations.indices)
    func `no secret is in a complaint about its own key`(index: Int) throws {
        let (type, values, secrets) = configurations[index]
        for key in values.keys {
            for spoilt: Value in ["sesame \u{1} hush-hush", ["hush-hush"], ["a": "sesame"], ""] {
                var values = values
                values[key] = spoilt
                let complaint = try Reading(type, values, isInterpolated: false).problems.map(\.description).joined()
                if ["url", "secret", "old_secret", "password", "headers", "token", "api_key", "routing_key"].contains(key) {
                    for secret in secrets + ["sesame", "hush-hush"] { #expect(!complaint.contains(secret)) }
                }
            }
        }
    }

    static let failures: [TransportError] = TransportError.Reason.allCases.flatMap { reason in
        [true, false].map { TransportError(reason, sent: $0, "the connection ended") }
    }

    @Test(arguments: configurations.indices)
    func `no secret is in an error, a preview, a finding or a description`(index: Int) async throws {
        let (type, values, secrets) = configurations[index]
        let message = Message.of(recipient: "ops@example.com")
        let echo = "refused: " + secrets.joined(separator: " ") + " https://hooks.slack.com/services/T0/B0/hush-hush"
        var told = try described(channel(type, values))
        for status in [200, 302, 400, 401, 403, 404, 410, 418, 429, 500, 501, 503] {
            let http = ScriptedTransport(
                status: status, headers: [("location", "https://elsewhere.example/hush-hush?sesame")], body: echo)
            let mail = ScriptedMail(.success(MailResponse(stage: .data, code: 554, enhanced: "5.7.1", text: echo)))
            told += await outcome(try channel(type, values, tools: tools(http: http, mail: mail)), message)
        }
        for failure in Self.failures {
            let tools = tools(http: ScriptedTransport { _ in .failure(failure) }, mail: ScriptedMail(.failure(failure)))
            told += await outcome(try channel(type, values, tools: tools), message)
        }
        for secret in secrets { #expect(!told.joined(separator: "\n").contains(secret), "\(secret)") }
    }

    /// All text that a channel can produce for this message: preview, findings, and the receipt or error.
    private func outcome(_ channel: any Channel, _ message: Message) async -> [String] {
        var told = [channel.preview(message), "\(await channel.connect())"]
        do {
            told.append("\(try await channel.deliver(message))")
        } catch {
            told.append("\(error)")
        }
        return told
    }

    private func described(_ channel: any Channel) -> [String] {
        var dumped = ""
        dump(channel, to: &dumped)
        return [String(describing: channel), String(reflecting: channel), dumped]
    }

    static let hostile: [LongText] = [
        "<!channel> <!here> <@U0123> @here @everyone <https://evil.example|your bank>",
        LongText(String(repeating: "&", count: 40_000)),
        LongText(String(repeating: "👩‍👩‍👧‍👦", count: 5_000)),
        LongText("e" + String(repeating: "\u{301}", count: 40_000)),
        "\u{202E}evil\u{202C} مرحبا שלום",
        "bell\u{7} escape\u{1B}[31m nul\u{0} delete\u{7F} c1\u{9B}2J",
        "subject\r\nBcc: victim@example.com\r\n\r\nbody",
        "", " ", "\n\n\n", "*bold* _it_ `code` ~gone~",
    ]

    @Test(arguments: configurations.indices, hostile)
    func `hostile text becomes a message that can be sent`(index: Int, text: LongText) async throws {
        let text = text.text
        let (type, values, _) = configurations[index]
        let dialect = try #require(Catalogue.type(named: type)).dialect
        let mail = ScriptedMail()
        let response = accepted[type] ?? (200, "ok")
        let http = ScriptedTransport(status: response.status, body: response.body)
        let folder = TemporaryFolder()
        let channel = try channel(type, values, tools: tools(http: http, mail: mail), folder: folder.path)
        let origin = Origin(automation: text, automationID: "1", risk: text, trigger: text, runID: "2", runStatus: text)
        let message = Message.of(
            title: dialect.escape(text), body: dialect.escape(text), recipient: "ops@example.com", origin: origin, label: "Sample")
        _ = try await channel.deliver(message)
        let documents = http.requests.filter { request in request.headers.contains { $0.value.reveal().contains("json") } }
        for request in documents { #expect(throws: Never.self) { try JSONValue(parsing: request.body ?? []) } }
        for request in mail.mails { #expect(!headLines(of: request.message).contains { $0.hasPrefix("Bcc:") }) }
        if type == "console" {
            #expect(!channel.preview(message).unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" && $0 != "\t" })
        }
    }

    private func headLines(of mail: [UInt8]) -> [String] {
        mail.split(separator: 10, omittingEmptySubsequences: false).prefix { $0 != [13] }.map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test(arguments: configurations.indices)
    func `to connect delivers nothing and shows the credential to nobody`(index: Int) async throws {
        let (type, values, secrets) = configurations[index]
        let mail = ScriptedMail()
        let http = ScriptedTransport(status: 404)
        let findings = try await channel(type, values, tools: tools(http: http, mail: mail)).connect()
        #expect(!findings.isEmpty)
        #expect(mail.mails.isEmpty)
        #expect(http.requests.allSatisfy { $0.method == "GET" && $0.body == nil })
        for secret in secrets { #expect(!"\(findings)".contains(secret)) }
    }

    @Test func `a host that cannot be reached is found out`() async throws {
        let failure = TransportError(.unreachable, sent: false, "could not resolve host")
        let http = ScriptedTransport { _ in .failure(failure) }
        let findings = try await channel("slack", configurations[0].values, tools: tools(http: http)).connect()
        #expect(findings.map(\.ok) == [false, nil])
        #expect(findings[0].text == "https://hooks.slack.com does not answer: unreachable: could not resolve host")
    }
}
