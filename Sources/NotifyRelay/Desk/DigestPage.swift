import Dedup
import Pages
import Policy
import RelayCore
import RelaySupport

/// One digest: its past windows as they were sent, and the next one as it stands.
struct DigestPage: Sendable {
    struct Entry: Sendable {
        var window: Window
        /// The event that the window became; nil while it is open, and if there was nothing to tell.
        var event: Event?
        /// The number of its events so far; nil once it has closed.
        var count: Int?
    }

    let name: String
    let entries: [Entry]
    let parts: DeskParts

    var page: DeskPage {
        let rows = entries.map { entry -> Markup in
            let span: Markup = "\(parts.time(entry.window.opensAt)) to \(parts.time(entry.window.closesAt))"
            let says: Markup =
                if let event = entry.event {
                    "<a href=\"\(DeskPath.event(event.id))\">\(event.oneLine)</a>"
                } else if let count = entry.count {
                    "open, \(count) \(count == 1 ? "event" : "events") so far"
                } else {
                    "nothing to tell"
                }
            let shown: Markup? = entry.event.map {
                "<details><summary>As it was sent</summary><iframe loading=\"lazy\" title=\"\($0.oneLine)\" src=\"/digests/\(name.percentEncoded)/\(Int(entry.window.id))\"></iframe></details>"
            }
            let next: Markup? =
                entry.count.map { $0 > 0 } == true
                ? "<details><summary>As it stands</summary><iframe loading=\"lazy\" title=\"The next digest as it stands\" src=\"/digests/\(name.percentEncoded)/next\"></iframe></details>"
                : nil
            return "<p>\(says)</p><p class=\"small\">\(span)</p>\(shown)\(next)"
        }
        var page = DeskPage(
            title: "Digest \(name)",
            content: "<h1>Digest \(name)</h1>\(DeskParts.section("Windows", id: "windows", empty: "No window has opened yet.", rows))")
        page.hasFrames = true
        return page
    }
}
