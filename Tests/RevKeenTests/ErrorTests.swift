import RelayCore
import RelaySupport
import RelayTesting
import RevKeen
import Testing
import Transport

struct ErrorTests {
    private func error(
        status: Int, headers: [(name: String, value: String)] = [], body: String = "", key: String = testKey, baseURL: String? = nil
    ) async throws -> RevKeenError {
        let client = try client(ScriptedTransport(status: status, headers: headers, body: body), key: key, baseURL: baseURL)
        return try #require(await failure { () async throws(RevKeenError) in try await client.approvals() })
    }

    @Test(
        arguments: [
            (400, .badRequest), (401, .unauthorized), (402, .badRequest), (403, .forbidden), (404, .notFound), (408, .timeout),
            (409, .conflict), (410, .notFound), (413, .badRequest), (418, .badRequest), (422, .unprocessable), (429, .rateLimited),
            (500, .serverError), (502, .serverError), (503, .serverError), (599, .serverError), (301, .badAnswer),
            (304, .badAnswer),
            (199, .badAnswer), (600, .badAnswer),
        ] as [(Int, RevKeenError.Reason)])
    func `the class comes from the status, whatever the body says`(status: Int, reason: RevKeenError.Reason) async throws {
        for body in [#"{"error":{"code":"rate_limit_exceeded","type":"authentication_error"}}"#, "<html>", ""] {
            let error = try await error(status: status, body: body)
            #expect(error.reason == reason)
            #expect(error.status == status)
        }
    }

    @Test(arguments: [
        (#"{"error":{"type":"t","code":"Resource_Missing","message":"No such run"}}"#, "HTTP 404: resource_missing: No such run"),
        (#"{"error":{"code":"gone"}}"#, "HTTP 404: gone"), (#"{"error":{"message":"m"}}"#, "HTTP 404: m"),
        (#"{"error":"NOT_FOUND","message":"none","request_id":"r"}"#, "HTTP 404: not_found: none"),
        (#"{"error":"nothing here"}"#, "HTTP 404: nothing here"), (#"{"code":"c","message":"m"}"#, "HTTP 404: c: m"),
        (#"{"code":404}"#, "HTTP 404: 404"), ("<html><h1>Not found</h1></html>", "HTTP 404"), ("", "HTTP 404"),
        ("null", "HTTP 404"),
        ("[1]", "HTTP 404"), (#"{"error":{"code":"a\u001b[31m","message":"two\nlines"}}"#, "HTTP 404: a[31m: two lines"),
        (#"{"error":[],"message":{}}"#, "HTTP 404"),
    ])
    func `an envelope of any shape is told`(body: String, detail: String) async throws {
        #expect(try await error(status: 404, body: body).detail == detail)
    }

    @Test func `only the code tells that the first try still runs`() async throws {
        let body = #"{"error":{"code":"IDEMPOTENCY_IN_PROGRESS","message":"wait"}}"#
        #expect(try await error(status: 409, body: body).reason == .inProgress)
        #expect(try await error(status: 422, body: body).reason == .unprocessable)
    }

    @Test func `a refused key names the account, a missing scope its name`() async throws {
        #expect(try await error(status: 401).detail == "HTTP 401, the key of account live is refused")
        #expect(try await error(status: 403).detail.contains("account live probably lacks the scope automations:read"))
        let client = try client(status: 403)
        let decision = await failure { () async throws(RevKeenError) in try await client.approve("a", idempotencyKey: "k") }
        #expect(decision?.detail.contains("automations:write") == true)
    }

    @Test(
        arguments: [
            ("30", 30_000), ("0", 1000), ("1.5", 1500), ("  7 ", 7000), ("-4", 1000), ("99999999", 600_000),
            (LongText("1" + String(repeating: "0", count: 400)), 600_000),
            ("Tue, 24 Nov 2026 09:01:00 GMT", 60_000), ("Tuesday, 24-Nov-26 09:01:00 GMT", 60_000),
            ("Tue Nov 24 09:01:00 2026", 60_000),
            ("Tue, 24 Nov 2026 08:00:00 GMT", 1000), ("Fri, 24 Nov 2090 08:00:00 GMT", 600_000),
            ("soon", nil), ("", nil), ("0x10", nil), ("nan", nil), ("1e3", nil), ("--", nil),
            ("Tue, 31 Feb 2026 09:01:00 GMT", nil),
        ] as [(LongText, Int?)])
    func `Retry-After is read in every form and kept within bounds`(header: LongText, milliseconds: Int?) async throws {
        let header = header.text
        #expect(
            try await error(status: 429, headers: [("retry-after", header)]).retryAfter == milliseconds.map { .milliseconds($0) })
    }

    @Test func `a date in Retry-After counts from the response's own date`() async throws {
        let headers = [("date", "Tue, 24 Nov 2020 09:00:00 GMT"), ("retry-after", "Tue, 24 Nov 2020 09:00:09 GMT")]
        #expect(try await error(status: 503, headers: headers.map { (name: $0.0, value: $0.1) }).retryAfter == .seconds(9))
    }

    @Test func `the header wins over the body, the body over the reset`() async throws {
        let body = #"{"error":{"code":"c","details":{"retry_after":20}}}"#
        #expect(
            try await error(status: 429, headers: [("retry-after", "30"), ("x-ratelimit-reset", "1795510840")], body: body)
                .retryAfter == .seconds(30))
        #expect(try await error(status: 429, headers: [("x-ratelimit-reset", "1795510840")], body: body).retryAfter == .seconds(20))
        #expect(try await error(status: 429, headers: [("x-ratelimit-reset", "1795510840")]).retryAfter == .seconds(40))
        #expect(try await error(status: 429).retryAfter == nil)
        #expect(try await error(status: 304, headers: [("retry-after", "30")]).retryAfter == nil)
    }

    static let hostile: [String] = [
        "", "not JSON", "<!doctype html><p>maintenance</p>", #"{"data":[{"id":"a""#, "{}", "null", "7", #""text""#,
        #"{"data":null}"#,
        #"{"data":{}}"#, #"{"data":"string"}"#, #"{"data":[]} trailing"#, #"{"error":{"code":"c"}}"#,
    ]

    @Test(arguments: hostile.indices)
    func `a success that is no list is a bad response`(index: Int) async throws {
        let error = try await error(status: 200, body: Self.hostile[index])
        #expect(error.reason == .badAnswer)
        #expect(error.status == 200)
    }

    @Test(arguments: ["", "{}", #"{"data":null}"#, #"{"data":[]}"#, #"{"data":{"id":null}}"#, #"{"data":{"id":".."}}"#])
    func `a success without a run is a bad response`(body: String) async throws {
        let client = try client(status: 204, body: body)
        let error = await failure { () async throws(RevKeenError) in try await client.run("r", of: "a") }
        #expect(error?.reason == .badAnswer)
        #expect(error?.status == 204)
    }

    @Test(
        arguments: [
            (.unreachable, .unreachable), (.tls, .unreachable), (.timeout, .timeout), (.noAnswer, .unreachable),
            (.tooLarge, .tooLarge),
            (.forbiddenAddress, .unreachable), (.protocolError, .badAnswer), (.cancelled, .cancelled), (.badRequest, .badRequest),
            (.exhausted, .unreachable),
        ] as [(TransportError.Reason, RevKeenError.Reason)])
    func `no response keeps its reason`(transport: TransportError.Reason, reason: RevKeenError.Reason) async throws {
        for sent in [true, false] {
            let client = try client(ScriptedTransport { _ in .failure(TransportError(transport, sent: sent, "it broke")) })
            let error = await failure { () async throws(RevKeenError) in try await client.approvals() }
            #expect(error == RevKeenError(reason, "it broke"))
        }
    }

    @Test(arguments: [testKey, "plain-key"])
    func `neither the key nor an address ever stands in an error`(key: String) async throws {
        let url = "http://127.0.0.1:9/v2"
        let messages = [
            key, "bad key '\(key)'!", "key=\(key),x", "see \(url)/automations?key=\(key)",
            String(repeating: "y ", count: 145) + key,
            key.map { "\($0)\u{7}" }.joined(),
        ]
        for status in [400, 401, 403, 404, 409, 422, 429, 500] {
            for message in messages {
                let body = JSONValue.object(["error": ["code": .string(key), "message": .string(message)]]).text
                let error = try await error(status: status, body: body, key: key, baseURL: url)
                #expect(!"\(error) \(String(reflecting: error))".contains(key))
                #expect(!error.detail.contains("127.0.0.1"))
            }
        }
    }

    @Test func `a masked key is left out too`() async throws {
        let body = #"{"error":{"message":"invalid key rk_live_ab...xy9z given"}}"#
        #expect(try await error(status: 400, body: body).detail == "HTTP 400: invalid key <secret> given")
    }

    @Test func `a transport's words are cleaned as well`() async throws {
        let client = try client(
            ScriptedTransport { _ in .failure(TransportError(.tls, sent: false, "no peer at https://x.y/ with \(testKey)")) })
        let error = await failure { () async throws(RevKeenError) in try await client.approvals() }
        #expect(error?.detail == "no peer at <url> with <secret>")
    }

    @Test func `a detail has at most 300 characters`() async throws {
        let body = JSONValue.object(["error": ["message": .string(String(repeating: "é ", count: 5000))]]).text
        #expect(try await error(status: 400, body: body).detail.unicodeScalars.count == 300)
    }
}
