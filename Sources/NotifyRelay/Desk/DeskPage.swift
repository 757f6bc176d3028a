import Pages
import RelayCore

/// A page of the desk: its title and its content, inside what all pages have.
struct DeskPage: Sendable {
    var status = 200
    var title: String
    /// What came of the post that this page answers; nil if the page was only opened.
    var said: Markup?
    var content: Markup
    /// The entry of the navigation that the page belongs to.
    var place: Place?
    /// A script may keep the page up to date.
    var isLive = false
    /// The page shows other pages of its origin in frames.
    var hasFrames = false

    enum Place: String, CaseIterable {
        case desk, approvals, events, audit

        var path: String { self == .desk ? "/" : "/\(rawValue)" }
        var title: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
    }

    /// A page that says one thing.
    static func saying(_ status: Int, _ title: String, _ text: String) -> DeskPage {
        DeskPage(status: status, title: title, content: "<h1>\(title)</h1><p>\(text)</p>")
    }

    /// - Parameters:
    ///   - reader: the name of who is signed in; nil where everybody may look.
    ///   - signOut: the mark of the form to sign out.
    func shell(reader: String?, signOut: String?) -> PageShell {
        let links = Place.allCases.map { place -> Markup in
            let current: Markup? = place == self.place ? " aria-current=\"page\"" : nil
            return "<a href=\"\(place.path)\"\(current)>\(place.title)</a>"
        }
        let live: Markup? = isLive ? "<span class=\"live\" id=\"live\" hidden>live</span>" : nil
        let version: Markup? = isLive ? " data-version=\"\(LiveContent.version(of: content.html))\"" : nil
        let who: Markup? = reader.map { name in
            let out: Markup? = signOut.map {
                "<form method=\"post\" action=\"/sign-out\"><input type=\"hidden\" name=\"csrf\" value=\"\($0)\"><button class=\"link\">Sign out</button></form>"
            }
            return "<span>\(name)</span>\(out)"
        }
        var shell = PageShell(
            title: "\(title) · NotifyRelay", style: .inline(.desk),
            body: """
                <a class="skip" href="#main">To the content</a>
                <header class="top"><div><strong>NotifyRelay</strong><nav aria-label="Pages">\(links)</nav><div class="who">\(live)\(who)</div></div></header>
                <main id="main">\(said)<div id="content"\(version)>\(content)</div></main>
                """)
        shell.robots = .noIndexNoFollow
        shell.referrers = .sameOrigin
        shell.policy.forms = [.own]
        shell.policy.scripts = [.own]
        shell.policy.connections = [.own]
        if hasFrames { shell.policy.frames = [.own] }
        shell.head = "<script src=\"/desk.js\" defer></script>"
        return shell
    }
}
