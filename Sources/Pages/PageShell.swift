/// A whole page: what surrounds its body, and the headers under which it is served.
package struct PageShell: Sendable {
    package enum Style: Sendable {
        /// The style stands in the page, and the policy allows exactly this one.
        case inline(PageStyle)
        /// The style is at a path of the page's own origin.
        case linked(path: String)
    }

    /// What search engines are told.
    package enum Robots: String, Sendable {
        case noIndex = "noindex"
        case noIndexNoFollow = "noindex, nofollow"
    }

    package enum ReferrerPolicy: String, Sendable {
        case never = "no-referrer"
        /// The address is sent within its own origin only. A browser then also says there where a form comes from.
        case sameOrigin = "same-origin"
    }

    package var title: String
    package var language = "en"
    /// Nil if search engines are told nothing.
    package var robots: Robots?
    /// The time after which the page reloads itself, in seconds; nil means never.
    package var refreshSeconds: Int?
    /// Further elements of the head.
    package var head = Markup.nothing
    package var style: Style
    package var body: Markup
    /// What the page may use besides its style.
    package var policy = ContentPolicy()
    /// What a browser tells other pages about this one's address, as `Referrer-Policy` says it.
    package var referrers = ReferrerPolicy.never

    package init(title: String, style: Style, body: Markup) {
        self.title = title
        self.style = style
        self.body = body
    }

    /// The document.
    package var html: String { document.html }

    private var document: Markup {
        let robots = robots.map { "<meta name=\"robots\" content=\"\($0.rawValue)\">" as Markup }
        let refresh = refreshSeconds.map { "<meta http-equiv=\"refresh\" content=\"\($0)\">" as Markup }
        return """
            <!doctype html>
            <html lang="\(language)"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            \(robots)\(refresh)<title>\(title)</title>\(head)\(styleElement)</head>
            <body>\(body)</body></html>

            """
    }

    private var styleElement: Markup {
        switch style {
        case .inline(let style): "<style>\(Markup(style))</style>"
        case .linked(let path): "<link rel=\"stylesheet\" href=\"\(path)\">"
        }
    }

    /// The headers of the page, among them its Content-Security-Policy.
    /// No cache keeps a page, because what it shows is private and changes.
    package var headers: [(name: String, value: String)] {
        var policy = policy
        policy.styles =
            switch style {
            case .inline(let style): [.hash(style.hash)]
            case .linked: [.own]
            }
        var headers: [(name: String, value: String)] = [
            ("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", referrers.rawValue), ("Content-Security-Policy", policy.text),
        ]
        if let robots { headers.append(("X-Robots-Tag", robots.rawValue)) }
        return headers
    }
}
