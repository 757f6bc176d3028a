import Foundation

@testable import NotifyRelay
@testable import RelayCore
@testable import RelaySupport
@testable import Rendering
@testable import RevKeen
@testable import Transport

/// Documents from outside: RevKeen's responses, the configuration, templates.
extension Fuzz {
    static let documents: [String: @Sendable ([UInt8]) -> Void] = [
        "json": { json($0) }, "list": { list($0) }, "detail": { detail($0) }, "errors": { errors($0) },
        "configuration": { configuration($0) }, "templates": { templates($0) }, "redaction": { redaction($0) },
    ]

    /// What is read is written, and read again as the same.
    private static func json(_ bytes: [UInt8]) {
        guard let value = try? JSONValue(parsing: bytes) else { return }
        let written = value.bytes
        promise(written.count <= 6 * bytes.count + 16, "\(bytes.count) bytes became \(written.count)")
        promise((try? JSONValue(parsing: written)) == value, "it is not read as it is written")
        promise(PackedJSON(value).value == value, "packed it is another")
    }

    private static func list(_ bytes: [UInt8]) {
        for isCut in [false, true] {
            let response = HTTPResponse(status: 200, body: bytes, isCut: isCut)
            bounded((try? Listing<Approval>(response, limit: 100)) ?? nil, bytes)
            bounded((try? Listing<Run>(response, limit: 100)) ?? nil, bytes)
            bounded((try? Listing<Automation>(response, limit: 100)) ?? nil, bytes)
        }
    }

    private static func bounded<Item>(_ listing: Listing<Item>?, _ bytes: [UInt8]) {
        guard let listing else { return }
        promise(listing.items.count + listing.skipped <= 100, "\(listing.items.count) items of 100")
        promise((listing.complaint?.utf8.count ?? 0) < 2_000, "the complaint has no bound")
        for case let approval as Approval in listing.items {
            let hash = ShownApproval.shownHash(state: .open, approval)
            promise(hash.utf8.count == 64, "no hash")
            promise((approval.actionSummary?.utf8.count ?? 0) <= 3 * bytes.count + 100, "the summary grew")
        }
    }

    private static func detail(_ bytes: [UInt8]) {
        guard let detail = (try? RunDetailResponse(bytes)) ?? nil else { return }
        promise(detail.approvals.count <= 100_000 && detail.run.id.utf8.count <= 128, "no bound")
        expectSame(Run.self, bytes)
        expectSame(Approval.self, bytes)
        expectSame(RevKeen.Notification.self, bytes)
    }

    /// An item that is read from its bytes is the one that is read from its whole value.
    private static func expectSame<Item: WireItem & Equatable>(_ type: Item.Type, _ bytes: [UInt8]) {
        guard let fields = WireFields(bytes, 0..<bytes.count), let fast = (try? Item(fields)) ?? nil,
            let entry = try? WireEntry(bytes, 0..<bytes.count), let slow: Item = (try? entry.item()) ?? nil
        else { return }
        promise(fast == slow, "bytes and value differ")
    }

    private static func errors(_ bytes: [UInt8]) {
        let envelope = ErrorEnvelope(body: bytes)
        promise(envelope.text.utf8.count <= 4_000, "the text of an error has \(envelope.text.utf8.count) bytes")
        let response = HTTPResponse(status: 429, headers: [("retry-after", Array(bytes.prefix(40)).text)], body: bytes)
        if let wait = StatedWait.read(response, envelope: envelope, now: Timestamp(seconds: 1_795_510_890)) {
            promise(wait >= .zero && wait <= .seconds(86_400), "a wait of \(wait)")
        }
    }

    private static func configuration(_ bytes: [UInt8]) {
        let (configuration, problems) = Configuration.load(
            text: bytes.text, file: "relay.yaml", folder: "/nonexistent", environment: ["KEY": "rk_sandbox_x"], readFile: { _ in nil })
        promise(configuration != nil || !problems.isEmpty, "no configuration and no problem")
        for problem in problems { promise(problem.description.utf8.count < 4_000, "a problem of \(problem.description.utf8.count) bytes") }
    }

    /// A template that is accepted gives a text within a bound.
    private static func templates(_ bytes: [UInt8]) {
        let problems = ProblemList()
        var scanner = TemplateScanner(file: "x.mustache", partials: [], problems: problems)
        scanner.scan(bytes.text)
        guard problems.errors.isEmpty, scanner.work.total([:]) <= TemplateWork.most else { return }
        let folder = TemplateFolder(texts: ["x": bytes.text], partials: [:], problems: problems)
        let request = TemplateSet.Request(kind: .approval, priority: .high, destination: "ops", type: "slack", dialect: .plain)
        let text = folder.render("x", fields, request, .plain)
        promise((text?.utf8.count ?? 0) < 40_000_000, "a text of \(text?.utf8.count ?? 0) bytes")
        // A compiled template gives what the engine gives.
        guard let program = TemplateCompiler(partials: [:]).program(bytes.text),
            let engine = folder.renderByEngine("x", fields, request, .plain)
        else { return }
        let own = Quoting.resolved(program.render(fields, destination: "ops", .plain), Dialect.plain.quote)
        promise(Array(engine.utf8) == own, "a compiled template differs from the engine")
    }

    private static let fields = Fields(
        event: Event(
            id: "a/approval/1/v1", account: "a", kind: .approval, subject: "a/approval/1", priority: .high,
            occurredAt: Timestamp(seconds: 1_795_510_890), seenAt: Timestamp(seconds: 1_795_510_890),
            payload: Payload(
                origin: Origin(automation: "Refunds"),
                detail: .approval(ApprovalDetail(id: "1", action: "Refund\n12 EUR?", actions: ["amount": 12, "to": "Kim"])))),
        now: Timestamp(seconds: 1_795_510_900))

    /// The paths are before the first zero byte, one on a line, and the JSON is after it.
    private static func redaction(_ bytes: [UInt8]) {
        let (first, second) = bytes.halves
        let paths = first.text.split(separator: "\n").map(String.init)
        guard let redactor = try? Redactor(paths: paths), let value = try? JSONValue(parsing: second) else { return }
        let redacted = redactor.redact(value)
        promise(redactor.redact(redacted).bytes.count <= 12 * second.count + 64, "redaction grew")
    }
}
