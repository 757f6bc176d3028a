import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

struct GotifyTests {
    @Test func `a message goes behind the server's own path, and is not sent twice unseen`() async throws {
        let request = try await request(of: "gotify", .of(link: "https://relay.example/r/1"))
        #expect(request.method == "POST")
        #expect(request.url.reveal() == "https://push.example.com/gotify/message")
        #expect(request.header("X-Gotify-Key") == "hush-hush")
        #expect(request.guardsAgainstResend)
        #expect(request.json["extras"]?["client::display"] == ["contentType": "text/plain"])
        #expect(request.json["extras"]?["client::notification"] == ["click": ["url": "https://relay.example/r/1"]])
    }

    @Test(arguments: [(Priority.low, 2), (.normal, 5), (.high, 8), (.urgent, 10)])
    func `priorities are Gotify's own numbers`(priority: Priority, number: Int) async throws {
        #expect(try await request(of: "gotify", .of(.notification, priority)).json["priority"] == .int(number))
    }

    @Test(
        arguments: [
            (400, "Bad Request", .trimmings), (401, "Unauthorized", .gone), (403, "Forbidden", .gone), (404, "Not Found", .gone),
            (500, "Internal Server Error", .retry(after: nil)), (401, "", .suspect), (404, "", .suspect), (413, "", .trimmings),
            (429, "", .throttled(after: .seconds(7))), (502, "", .retry(after: .seconds(7))),
        ] as [(Int, String, DeliveryError.Verdict)])
    func `each response of Gotify, and of a proxy before it, has its meaning`(
        status: Int, name: String, meaning: DeliveryError.Verdict
    ) async throws {
        let body = #"{"error": "\#(name)", "errorCode": \#(status), "errorDescription": "no"}"#
        let headers = name.isEmpty ? [(name: "retry-after", value: "7")] : []
        #expect(try await verdict(of: "gotify", status, name.isEmpty ? "<html>" : body, headers: headers) == meaning)
    }

    @Test func `200 without an id is no success`() async throws {
        #expect(try await verdict(of: "gotify", 200, "<html>welcome") == nil)
    }

    @Test func `only the version is asked, and without the token`() async throws {
        let http = ScriptedTransport(status: 200, body: #"{"version": "2.6.3"}"#)
        let values = try #require(configurations.first { $0.type == "gotify" }).values
        let findings = try await channel("gotify", values, tools: tools(http: http)).connect()
        #expect(findings.map(\.ok) == [true, nil])
        #expect(http.requests.map { $0.url.reveal() } == ["https://push.example.com/gotify/version"])
        #expect(http.requests.first?.header("X-Gotify-Key") == nil)
    }
}
