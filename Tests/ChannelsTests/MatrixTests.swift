import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

struct MatrixTests {
    private static let sent = Receipt(["event_id": "$first:example.com"])

    @Test func `a message is put under its own id, which makes a repeat harmless`() async throws {
        let request = try await request(of: "matrix", .of())
        let key = Message.of().idempotencyKey
        #expect(request.method == "PUT")
        #expect(
            request.url.reveal()
                == "https://matrix.example.com/_matrix/client/v3/rooms/%21abc%3Aexample.com/send/m.room.message/\(key)")
        #expect(request.header("Authorization") == "Bearer syt_hush-hush")
        #expect(!request.guardsAgainstResend)
        #expect(request.body == Array(try channel("matrix", configurations.first { $0.type == "matrix" }!.values).preview(.of()).utf8))
    }

    @Test func `an edit replaces the first event, under an id of its own, and calls nobody again`() async throws {
        let request = try await request(of: "matrix", .of(.decision, mention: "@ann:example.com"), editing: Self.sent)
        #expect(request.url.reveal().hasSuffix("/" + Message.of().idempotencyKey + "-edit"))
        #expect(request.json["m.relates_to"] == ["rel_type": "m.replace", "event_id": "$first:example.com"])
        #expect(request.json["m.mentions"] == [:])
        #expect(request.json["m.new_content"]?["m.mentions"] == ["user_ids": ["@ann:example.com"]])
        #expect(request.json["m.new_content"]?["formatted_body"]?.string?.contains("Invoice sync has finished") == true)
        #expect(request.json["body"]?.string?.hasPrefix("* ") == true)
    }

    @Test(
        arguments: [
            (nil, "{}"), ("@ann:example.com @room", #"{"room":true,"user_ids":["@ann:example.com"]}"#), ("hello @ann", "{}"),
        ] as [(String?, String)])
    func `exactly those are called whom the operator names`(mention: String?, called: String) async throws {
        let body = "@room @bob:example.com https://matrix.to/#/@bob:example.com"
        let json = try await request(of: "matrix", .of(body: body, mention: mention)).json
        #expect(json["m.mentions"]?.text == called)
    }

    @Test(arguments: [(Priority.low, "m.notice"), (.normal, "m.text"), (.high, "m.text"), (.urgent, "m.text")])
    func `low priority is a notice`(priority: Priority, type: String) async throws {
        #expect(try await request(of: "matrix", .of(.notification, priority)).json["msgtype"] == .string(type))
    }

    @Test func `HTML is escaped, and lines stay lines`() async throws {
        let json = try await request(of: "matrix", .of(title: "<b>&\"", body: "<img src=x>\n</strong>")).json
        let html = try #require(json["formatted_body"]?.string)
        #expect(html.contains("&lt;b&gt;&amp;&quot;</span></strong><br>&lt;img src=x&gt;<br>&lt;/strong&gt;<br>"))
        #expect(json["body"]?.string?.hasPrefix("<b>&\"\n<img src=x>\n</strong>\n") == true)
    }

    @Test(arguments: ["x", "\"", "&", "é", "👩‍👩‍👧‍👦", "\\"], [false, true])
    func `whatever the words, the event fits`(unit: String, isEdit: Bool) async throws {
        let body = String(repeating: unit, count: 16_000)
        let message = Message.of(title: String(repeating: unit, count: 80), body: Dialect.plain.start(of: body, 16_000))
        let request = try await request(of: "matrix", message, editing: isEdit ? Self.sent : nil)
        #expect((request.body ?? []).count <= 65_536 - 8_192)
    }

    @Test(arguments: [15_999, 16_000, 16_001])
    func `words are cut at the limit in bytes`(length: Int) async throws {
        let text = try await request(of: "matrix", .of(body: String(repeating: "x", count: length))).json["body"]?.string ?? ""
        #expect(text.split(separator: "\n")[1].utf8.count == min(length, 16_000))
    }

    @Test(
        arguments: [
            (400, "M_BAD_JSON", .trimmings), (400, "M_NOT_JSON", .refused), (400, "M_INVALID_PARAM", .trimmings),
            (401, "M_UNKNOWN_TOKEN", .gone),
            (401, "M_MISSING_TOKEN", .gone), (403, "M_FORBIDDEN", .gone), (403, "M_RESOURCE_LIMIT_EXCEEDED", .gone),
            (400, "M_USER_LIMIT_EXCEEDED", .gone), (403, "M_USER_DEACTIVATED", .gone), (403, "M_USER_SUSPENDED", .gone),
            (404, "M_NOT_FOUND", .gone), (404, "M_UNRECOGNIZED", .gone), (413, "M_TOO_LARGE", .trimmings),
            (429, "M_LIMIT_EXCEEDED", .throttled(after: .milliseconds(2_500))), (500, "M_UNKNOWN", .retry(after: nil)),
            (502, "", .retry(after: nil)), (404, "", .suspect), (403, "", .suspect), (400, "M_UNKNOWN", .refused),
        ] as [(Int, String, DeliveryError.Verdict)])
    func `each errcode has its meaning`(status: Int, code: String, meaning: DeliveryError.Verdict) async throws {
        let body = #"{"errcode": "\#(code)", "error": "no", "retry_after_ms": 2500}"#
        #expect(try await verdict(of: "matrix", status, code.isEmpty ? "<html>" : body) == meaning)
    }

    @Test(
        arguments: [
            ([], #"{"retry_after_ms": 1}"#, .milliseconds(100)), ([], #"{"retry_after_ms": 45001}"#, .milliseconds(45_001)),
            ([], #"{"retry_after_ms": 90000000}"#, .seconds(3_600)), ([], "{}", nil),
            ([("retry-after", "7")], #"{"retry_after_ms": 2500}"#, .seconds(7)),
        ] as [([(name: String, value: String)], String, Duration?)])
    func `the wait is milliseconds, and the header comes first`(
        headers: [(name: String, value: String)], body: String, wait: Duration?
    ) async throws {
        #expect(try await verdict(of: "matrix", 429, body, headers: headers) == .throttled(after: wait))
    }

    @Test func `an event that is not there cannot be edited, and 200 without an event is no success`() async throws {
        let unknown = #"{"errcode": "M_UNKNOWN", "error": "Can't send relation to unknown event"}"#
        #expect(try await verdict(of: "matrix", 400, unknown, editing: Self.sent) == .vanished)
        #expect(try await verdict(of: "matrix", 400, unknown) == .refused)
        #expect(try await verdict(of: "matrix", 200, "<html>welcome") == nil)
    }

    @Test(arguments: [
        ("#ops:example.com", "destinations.ops.room is an alias, which may lead elsewhere tomorrow"),
        ("ops", "destinations.ops.room is 'ops'"), ("!a b", "destinations.ops.room is '!a b'"),
    ])
    func `only the id of a room is taken`(room: String, complaint: String) throws {
        let reading = try Reading("matrix", ["server": "https://m.example", "token": "syt_x", "room": .text(room)], isInterpolated: false)
        #expect(reading.errors.map(\.problem) == [complaint])
        #expect(reading.plan == nil)
    }

    @Test func `the server's path is kept, and asked who we are`() async throws {
        let http = ScriptedTransport(status: 200, body: #"{"user_id": "@relay:example.com"}"#)
        let values: [String: Value] = ["server": "https://example.com/matrix/", "token": "syt_x", "room": "!abc"]
        let findings = try await channel("matrix", values, tools: tools(http: http)).connect()
        #expect(findings.map(\.ok) == [true, nil])
        #expect(http.requests.map { $0.url.reveal() } == ["https://example.com/matrix/_matrix/client/v3/account/whoami"])
    }
}

extension Dialect {
    /// Cuts a text as the composer cuts a body, in bytes.
    fileprivate func start(of text: String, _ most: Int) -> String {
        var end = text.startIndex
        while end < text.endIndex, text[..<text.index(after: end)].utf8.count <= most { end = text.index(after: end) }
        return String(text[..<end])
    }
}
