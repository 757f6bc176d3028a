import Pages
import RelayCore
import RelaySupport

/// Serves the inbox's pages to a browser.
struct InboxSite: Sendable {
    let inbox: Inbox

    private static let mostShown = 60
    private static let mostRows = 500

    func answer(_ request: WebRequest) async -> WebResponse {
        guard request.method == "GET" || request.method == "HEAD" else { return WebResponse(405, type: "text/plain", "GET only\n") }
        var answer = await page(request)
        if request.method == "HEAD" { answer.body = [] }
        return answer
    }

    private func page(_ request: WebRequest) async -> WebResponse {
        let segments = request.segments
        switch segments.count {
        case 0: return await list(.overview, request)
        case 1 where segments[0] == "style.css": return WebResponse(200, type: "text/css; charset=utf-8", PageStyle.inbox.css)
        case 1 where segments[0] == "messages.json": return await index()
        case 1:
            guard let view = InboxPage.View(rawValue: segments[0]) else { return await notFound() }
            return await list(view, request)
        case 2: return await one(segments[0], segments[1])
        case 3 where segments[0] == "mail" && segments[2] == "html": return await mailBody(segments[1])
        default: return await notFound()
        }
    }

    private func list(_ view: InboxPage.View, _ request: WebRequest) async -> WebResponse {
        var messages: [InboxPage.View: [InboxMessage]] = [:]
        for part in view == .overview ? [.chat, .mail, .webhook] : [view] {
            messages[part] = await inbox.newest(part == .raw ? Self.mostRows : Self.mostShown, where: part.shows)
        }
        let page = InboxPage(counts: await counts())
        return html(200, page.list(view, holds: request.query.contains { $0.name == "hold" }, messages: messages))
    }

    private func one(_ what: String, _ id: String) async -> WebResponse {
        guard let message = await message(id) else { return await notFound() }
        switch what {
        case "message", "mail": return html(200, InboxPage(counts: await counts()).message(message))
        case "raw":
            return WebResponse(
                200, headers: [("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff")], body: message.raw)
        default: return await notFound()
        }
    }

    /// The HTML part of a mail.
    private func mailBody(_ id: String) async -> WebResponse {
        guard let html = await message(id)?.mail?.html else { return await notFound() }
        let page = ForeignPage(html)
        return WebResponse(200, headers: page.headers, body: Array(page.html.utf8))
    }

    /// The received messages as JSON for programs, oldest first.
    private func index() async -> WebResponse {
        let items = await inbox.messages().suffix(1_000).map { message -> JSONValue in
            [
                "id": .int(message.id), "kind": .string(message.kind.rawValue), "place": .string(message.place),
                "received_at": .string(message.receivedAt.description), "identity": .text(message.identity),
                "time": .int(message.time), "bytes": .int(message.raw.count),
                "text": .text(message.mail?.subject ?? message.json?["text"]?.string ?? message.json?["data"]?["title"]?.string),
            ]
        }
        return .json(200, .array(Array(items)))
    }

    private func message(_ id: String) async -> InboxMessage? {
        guard let number = Int(id) else { return nil }
        return await inbox.message(number)
    }

    private func notFound() async -> WebResponse { html(404, InboxPage(counts: await counts()).notFound()) }

    private func counts() async -> InboxPage.Counts {
        var byKind: [InboxMessage.Kind: Int] = [:]
        for kind in InboxMessage.Kind.allCases { byKind[kind] = await inbox.count(kind: kind) }
        return InboxPage.Counts(byKind: byKind, refused: await inbox.refused)
    }

    private func html(_ status: Int, _ page: PageShell) -> WebResponse {
        WebResponse(status, headers: page.headers, body: Array(page.html.utf8))
    }
}
