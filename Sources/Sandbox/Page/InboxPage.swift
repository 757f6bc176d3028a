import Pages
import RelayCore
import RelaySupport

/// The pages that show the received messages.
/// They are complete HTML from the server; no script runs on them.
struct InboxPage {
    enum View: String, CaseIterable {
        case overview = "", chat, mail, webhook, raw

        var path: String { "/\(rawValue)" }

        var title: String {
            switch self {
            case .overview: "Overview"
            case .chat: "Chat"
            case .mail: "Mail"
            case .webhook: "Webhooks"
            case .raw: "Raw"
            }
        }

        /// Whether the view shows messages of this kind.
        func shows(_ kind: InboxMessage.Kind) -> Bool {
            switch self {
            case .chat: kind.isChat
            case .mail: kind == .mail
            case .webhook: kind == .webhook
            case .overview, .raw: true
            }
        }
    }

    struct Counts {
        var byKind: [InboxMessage.Kind: Int]
        var refused: Int

        var total: Int { byKind.values.reduce(0, +) }

        func count(_ view: View) -> Int { byKind.reduce(0) { $0 + (view.shows($1.key) ? $1.value : 0) } }
    }

    let counts: Counts

    /// A page with a list of messages.
    ///
    /// - Parameter holds: the page does not reload itself.
    func list(_ view: View, holds: Bool, messages: [View: [InboxMessage]]) -> PageShell {
        let content: Markup =
            switch view {
            case .overview: "<div class=\"columns\">\([View.chat, .mail, .webhook].map { column($0, messages[$0] ?? []) })</div>"
            case .chat, .mail, .webhook: column(view, messages[view] ?? [])
            case .raw: rawTable(messages[view] ?? [])
            }
        return frame(view, title: view.title, holds: holds, isList: true, content)
    }

    private func column(_ view: View, _ messages: [InboxMessage]) -> Markup {
        let cards: [Markup] = messages.map { message in
            switch message.kind {
            case .mail: PageParts.mailRow(message)
            case .webhook: PageParts.webhookCard(message)
            default: ChatCard(message: message).markup
            }
        }
        let empty: Markup = "<p class=\"empty\">Nothing yet.</p>"
        return """
            <section class="column column-\(view.rawValue)"><h2><a href="\(view.path)">\(view.title)</a> <small>\(counts.count(view))</small></h2>\
            <div class="cards">\(cards.isEmpty ? [empty] : cards)</div></section>
            """
    }

    private func rawTable(_ messages: [InboxMessage]) -> Markup {
        let rows: [Markup] = messages.map {
            """
            <tr><td><a href="/message/\($0.id)">\($0.id)</a></td><td>\($0.receivedAt.timeOfDay)</td><td>\($0.kind.rawValue)</td>\
            <td>\($0.place)</td><td>\($0.identity ?? "")</td><td>\($0.time > 1 ? "×\($0.time)" : "")</td><td>\($0.raw.count)</td></tr>
            """
        }
        return """
            <div class="wide"><table class="raw"><tr><th>no.</th><th>time</th><th>kind</th><th>place</th><th>identity</th><th>repeat</th>\
            <th>bytes</th></tr>\(rows)</table></div>
            """
    }

    func message(_ message: InboxMessage) -> PageShell {
        let shown: Markup =
            switch message.kind {
            case .mail: mail(message)
            case .webhook: "<pre>\(PageParts.prettyJSON(message.json ?? .null))</pre>"
            default: ChatCard(message: message).markup
            }
        return frame(
            [View.chat, .mail, .webhook].first { $0.shows(message.kind) } ?? .raw, title: "Message \(message.id)", holds: true,
            isList: false,
            """
            <div class="single">\(shown)<h2>As it came</h2><p><a href="/raw/\(message.id)">\(message.raw.count) bytes</a>, \
            \(message.receivedAt.description), sent to \(message.place)</p>\(PageParts.headers(message.headers))\
            <pre>\(String(decoding: message.raw.prefix(40_000), as: UTF8.self))</pre></div>
            """)
    }

    /// A mail with its HTML part in a sandboxed frame.
    /// No script, no form and no external content works there. Links open in a new tab.
    private func mail(_ message: InboxMessage) -> Markup {
        guard let mail = message.mail else { return .nothing }
        let shown = ["from", "to", "date", "reply-to"].compactMap { name in
            mail.header(name).map { (name: name.prefix(1).uppercased() + name.dropFirst(), value: $0) }
        }
        let frame: Markup? = mail.html.map { _ in
            """
            <iframe sandbox="allow-popups allow-popups-to-escape-sandbox" src="/mail/\(message.id)/html" title="HTML part"></iframe>
            """
        }
        let text: Markup? = mail.text.map {
            "<details\(mail.html == nil ? " open" : "" as Markup)><summary>Text part</summary><pre>\($0)</pre></details>"
        }
        let files = mail.attachments.map { "<p class=\"context\">Attached: \($0)</p>" as Markup }
        return """
            <article class="card letter"><h1>\(mail.subject)</h1>\(PageParts.headers(shown))\(files)\(frame)\(text)</article>
            """
    }

    func notFound() -> PageShell {
        frame(.overview, title: "Not found", holds: true, isList: false, "<p class=\"empty\">There is no such page or message.</p>")
    }

    private func frame(_ view: View, title: String, holds: Bool, isList: Bool, _ content: Markup) -> PageShell {
        var shell = PageShell(
            title: "\(title) · NotifyRelay inbox (\(counts.total))", style: .linked(path: "/style.css"),
            body: body(view, hold: isList ? holdLink(view, holds: holds) : nil, content))
        shell.refreshSeconds = holds ? nil : 2
        shell.head = "<meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">"
        shell.policy.images = [.data]
        shell.policy.frames = [.own]
        return shell
    }

    private func holdLink(_ view: View, holds: Bool) -> Markup {
        holds
            ? "<a class=\"hold\" href=\"\(view.path)\">▶ follow</a>"
            : "<a class=\"hold\" href=\"\(view.path)?hold\">❚❚ hold still</a>"
    }

    private func body(_ view: View, hold: Markup?, _ content: Markup) -> Markup {
        """
        <header class="top"><div><h1><a href="/">NotifyRelay inbox</a></h1>\
        <p>What the relay sent, as the people who receive it see it. \
        A sandbox: nothing here has left this machine. Newest first, times in UTC.</p></div>\(hold)</header>\
        <nav>\(View.allCases.map { tab($0, isCurrent: $0 == view) })</nav>\(alarm)<main>\(content)</main>
        """
    }

    private func tab(_ view: View, isCurrent: Bool) -> Markup {
        let current: Markup? = isCurrent ? " aria-current=\"page\"" : nil
        return "<a href=\"\(view.path)\"\(current)>\(view.title) <small>\(counts.count(view))</small></a>"
    }

    private var alarm: Markup? {
        guard counts.refused > 0 else { return nil }
        return "<p class=\"alarm\">Refused besides: \(counts.refused), as the receiver would, or as it was told to.</p>"
    }
}
