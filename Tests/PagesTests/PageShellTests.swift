import Crypto
import Foundation
import Pages
import Testing

struct PageShellTests {
    private static let hostile = "</title></style>\"'><script>alert(1)</script>"
    private static let escaped = "&lt;/title&gt;&lt;/style&gt;&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"

    private func page(_ style: PageShell.Style = .inline("p{color:\"red\"}")) -> PageShell {
        PageShell(title: "Title", style: style, body: "<p>Body</p>")
    }

    private func header(_ name: String, of page: PageShell) -> String? { page.headers.first { $0.name == name }?.value }

    @Test func `a page has its parts in their places`() {
        var page = page()
        page.robots = .noIndex
        page.refreshSeconds = 10
        page.head = "<link rel=\"icon\" href=\"data:,\">"
        #expect(
            page.html == """
                <!doctype html>
                <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
                <meta name="robots" content="noindex"><meta http-equiv="refresh" content="10"><title>Title</title>\
                <link rel="icon" href="data:,"><style>p{color:"red"}</style></head>
                <body><p>Body</p></body></html>

                """)
    }

    @Test func `hostile text is escaped in each place that takes text`() {
        var shell = page(.linked(path: Self.hostile))
        shell.title = Self.hostile
        shell.language = Self.hostile
        shell.body = "<p>\(Self.hostile)</p>"
        #expect(shell.html.components(separatedBy: Self.escaped).count == 5)
        #expect(!shell.html.contains("<script") && !shell.html.contains(Self.hostile))
    }

    @Test func `the policy allows exactly the style that the page prints`() throws {
        for style in [PageStyle.decision, .desk, .inbox, "p{color:\"<&'\"}"] {
            let page = page(.inline(style))
            let printed = try #require(page.html.components(separatedBy: "<style>").last?.components(separatedBy: "</style>").first)
            let hash = Data(SHA256.hash(data: Array(printed.utf8))).base64EncodedString()
            #expect(header("Content-Security-Policy", of: page)?.contains("style-src 'sha256-\(hash)';") == true)
            #expect(printed == style.css && !style.css.contains("</"))
        }
    }

    @Test func `a page forbids everything but its style`() {
        #expect(
            header("Content-Security-Policy", of: page(.linked(path: "/style.css")))
                == "default-src 'none'; style-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'")
    }

    @Test func `what a page needs is allowed by name`() {
        var page = page(.linked(path: "/style.css"))
        page.policy.images = [.data, .own]
        page.policy.frames = [.own]
        page.policy.forms = [.own]
        page.policy.embedders = [.own]
        page.policy.sandbox = [.popups, .popupsEscape]
        #expect(
            header("Content-Security-Policy", of: page)
                == "default-src 'none'; style-src 'self'; img-src data: 'self'; frame-src 'self'; form-action 'self'; "
                + "frame-ancestors 'self'; base-uri 'none'; sandbox allow-popups allow-popups-to-escape-sandbox")
    }

    @Test func `each page has the same set of headers`() {
        var page = page()
        page.robots = .noIndexNoFollow
        #expect(
            page.headers.map(\.name) == [
                "Content-Type", "Cache-Control", "X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy", "X-Robots-Tag",
            ])
        #expect(header("Content-Type", of: page) == "text/html; charset=utf-8")
        #expect(header("Cache-Control", of: page) == "no-store")
        #expect(header("X-Content-Type-Options", of: page) == "nosniff")
        #expect(header("Referrer-Policy", of: page) == "no-referrer")
        #expect(header("X-Robots-Tag", of: page) == "noindex, nofollow")
        page.robots = nil
        page.referrers = .sameOrigin
        #expect(header("X-Robots-Tag", of: page) == nil && !page.html.contains("robots"))
        #expect(header("Referrer-Policy", of: page) == "same-origin")
    }

    @Test(arguments: [
        ("<p>a</p>", "<base target=\"_blank\"><p>a</p>"), ("<html><head></head>", "<html><head><base target=\"_blank\"></head>"),
        ("<!doctype html><p>", "<!doctype html><p>"),
    ])
    func `foreign HTML is in a sandbox without scripts, and its links open outside`(written: String, html: String) {
        let page = ForeignPage(written)
        #expect(page.html == html)
        #expect(
            page.headers.first { $0.name == "Content-Security-Policy" }?.value
                == "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; "
                + "base-uri 'none'; sandbox allow-popups allow-popups-to-escape-sandbox")
    }
}
