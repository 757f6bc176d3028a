import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

@testable import Channels

struct TeamsTests {
    @Test(arguments: [
        (400, "TriggerInputSchemaMismatch", DeliveryError.Verdict.trimmings), (400, "MissingApiVersionParameter", .gone),
        (400, "WorkflowTriggerIsNotEnabled", .gone), (401, "DirectApiAuthorizationRequired", .gone), (403, "AuthorizationFailed", .gone),
        (404, "WorkflowNotFound", .gone), (410, "Gone", .gone), (413, "RequestEntityTooLarge", .trimmings),
        (429, "Throttled", .throttled(after: nil)), (500, "InternalServerError", .retry(after: nil)), (502, "x", .retry(after: nil)),
        (503, "x", .retry(after: nil)), (504, "x", .retry(after: nil)), (302, "x", .gone),
    ])
    func `every refusal has its meaning`(status: Int, code: String, meaning: DeliveryError.Verdict) async throws {
        let error = try await verdict("teams", status, #"{"error": {"code": "\#(code)", "message": "hush"}}"#)
        #expect(error?.verdict == meaning)
        #expect(error?.status == status)
        #expect(error?.detail.contains("hush") == false)
    }

    @Test(arguments: [401, 403, 404])
    func `what does not speak as a workflow is tried again for a while`(status: Int) async throws {
        #expect(try await verdict("teams", status, "<html>proxy</html>")?.verdict == .suspect)
        #expect(try await verdict("teams", status, #"{"error": {"code": "hush-hush"}}"#)?.detail.contains("hush") == false)
    }

    @Test(
        arguments: [
            (202, "", nil), (200, "", nil), (200, "1", nil), (200, #"{"ok":true}"#, nil),
            (
                200, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x",
                .rateLimited
            ),
            (200, "Microsoft Teams endpoint returned HTTP error 413", .tooLarge), (200, "returned HTTP error 404", .notFound),
            (202, "HTTP Error 500", .serverError), (204, "", nil), (201, "", nil),
        ] as [(Int, String, DeliveryError.Reason?)])
    func `a good status is believed only without the words of an error`(status: Int, body: String, reason: DeliveryError.Reason?)
        async throws
    {
        #expect(try await verdict("teams", status, body)?.reason == reason)
    }

    @Test(arguments: [("17", Duration.seconds(17)), ("0", .seconds(1)), ("99999", .seconds(3_600))])
    func `a wait is in seconds where one is stated`(header: String, wait: Duration) async throws {
        #expect(try await verdict("teams", 429, "", [("Retry-After", header)])?.verdict == .throttled(after: wait))
    }

    @Test func `the address stays byte for byte`() async throws {
        let url =
            "https://e.c3.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/1/triggers/manual/paths/invoke"
            + "?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=a-B_c%3D"
        let http = ScriptedTransport(status: 202)
        let reading = try Reading("teams", ["url": .text(url)])
        #expect(reading.problems.isEmpty)
        _ = try await #require(reading.plan).make(tools(http: http)).deliver(.of())
        #expect(http.requests.first?.url.reveal() == url)
        #expect(http.requests.first?.guardsAgainstResend == true)
        #expect(http.requests.first?.headers.first { $0.name == "Content-Type" }?.value.reveal() == "application/json; charset=utf-8")
    }

    @Test(
        arguments: [
            ("https://acme.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4", false, "shut off"),
            ("https://outlook.office.com/webhook/1", false, "shut off"),
            ("https://e.environment.api.powerplatform.com/workflows/1/invoke?api-version=1", false, "cut at its first &"),
            ("https://e.environment.api.powerplatform.com/workflows/1/invoke?api-version=1&sig=", false, "cut at its first &"),
            (
                "https://prod-1.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke?api-version=2016-06-01&sig=x", true,
                "old host"
            ),
            ("https://flows.example.com/x", true, "not on a host of the vendor"),
        ] as [(LongText, Bool, String)])
    func `what is dead is refused, what is old is warned of`(url: LongText, works: Bool, words: String) throws {
        let url = url.text
        let reading = try Reading("teams", ["url": .text(url)])
        #expect(reading.problems.map(\.isWarning) == [works])
        #expect(reading.problems.first?.problem.contains(words) == true)
        #expect((reading.plan != nil) == works)
    }

    /// A body that makes the whole message exactly `size` bytes long.
    private func body(of size: Int) throws -> String {
        let short = try payload("teams", .of(body: "x")).bytes.count
        return String(repeating: "x", count: size - short + 1)
    }

    @Test(arguments: [19_998, 19_999, 20_000, 60_000])
    func `the whole message is measured as it is written`(size: Int) throws {
        let sent = try payload("teams", .of(body: body(of: size)))
        #expect(sent.bytes.count <= 19_999)
        #expect(sent.bytes.count >= min(size, 19_990))
        #expect(sent.text.contains("…") == (size > 19_999))
    }

    @Test(arguments: ["\"", "👩‍👩‍👧‍👦", "é\u{301}", "line\n", "\\"])
    func `what is longer when it is written is cut sooner, and as little as can be`(unit: String) throws {
        let count = try payload("teams", .of(body: String(repeating: unit, count: 12_000))).bytes.count
        #expect((19_800...19_999).contains(count) || unit == "line\n")
    }

    @Test(arguments: CatalogueTests.hostile + ["<at>Kim</at> [bank](https://evil.example) **b**"])
    func `data stands in text runs only, so that no Markdown and no mention is read`(text: LongText) throws {
        let text = text.text
        let origin = Origin(automation: text, automationID: "1", risk: text, trigger: text, runID: "2", runStatus: text)
        let card = try #require(
            payload("teams", .of(title: text, body: text, origin: origin, label: text))["attachments"]?.array?.first?["content"])
        let elements = (card["body"]?.array ?? []).flatMap { $0["items"]?.array ?? [$0] }
        #expect(elements.allSatisfy { $0["type"] == "RichTextBlock" })
        for run in elements.flatMap({ $0["inlines"]?.array ?? [] }) {
            #expect(run["type"] == "TextRun" && run["text"]?.string?.isEmpty == false)
        }
        #expect(card["fallbackText"]?.string == "NotifyRelay: notification")
        #expect(card["msteams"] == ["width": "Full"])
    }

    @Test func `lines stay lines, and a blank one leaves room`() throws {
        let card = try payload("teams", .of(body: "a\nb\n\nc"))["attachments"]?.array?.first?["content"]
        let blocks = card?["body"]?.array?.dropFirst().prefix(3) ?? []
        #expect(blocks.map { $0["inlines"]?.array?.first?["text"]?.string } == ["a", "b", "c"])
        #expect(blocks.map { $0["spacing"]?.string } == [nil, "None", nil])
    }

    @Test func `one that follows is a message of its own`() async throws {
        let http = ScriptedTransport(status: 202)
        let channel = try channel("teams", over: http)
        _ = try await channel.update(channel.deliver(.of(.approval)), with: .of(.decision))
        #expect(http.requests.map(\.method) == ["POST", "POST"])
    }
}
