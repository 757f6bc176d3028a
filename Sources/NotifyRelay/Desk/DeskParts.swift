import Dedup
import Pages
import Policy
import RelayCore
import RelaySupport

/// What the pages of the desk write alike: times, words with a colour, lists and tables.
struct DeskParts: Sendable {
    let now: Timestamp
    let zone: TimeZoneName

    /// A moment that a script may write in the reader's own zone.
    func time(_ moment: Timestamp) -> Markup {
        "<time datetime=\"\(moment.description)\">\(written(moment))</time>"
    }

    /// When RevKeen was read last. That it was read again is no change of a page.
    func readTime(_ moment: Timestamp) -> Markup {
        "<time class=\"read\" datetime=\"\(moment.description)\">\(written(moment))</time>"
    }

    /// A moment with how long ago it was.
    func ago(_ moment: Timestamp) -> Markup {
        "\(time(moment)) <small class=\"age\">(\(moment <= now ? moment.duration(to: now).spoken + " ago" : "in " + now.duration(to: moment).spoken))</small>"
    }

    func written(_ moment: Timestamp) -> String {
        let civil = zone.civil(at: moment)
        let two = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        return "\(civil.date.written) \(two(civil.hour)):\(two(civil.minute))" + (zone.name == "UTC" ? " UTC" : "")
    }

    /// A section with a heading and rows; without rows, a sentence that says what would be here.
    static func section(_ title: String, count: Int? = nil, id: String, empty: String, _ rows: [Markup], after: Markup? = nil) -> Markup {
        let number: Markup? = count.map { " <small>\($0)</small>" }
        let body: Markup =
            rows.isEmpty ? "<p class=\"empty\">\(empty)</p>" : "<ul class=\"rows\">\(rows.map { "<li>\($0)</li>" as Markup })</ul>"
        return "<section aria-labelledby=\"\(id)\"><h2 id=\"\(id)\">\(title)\(number)</h2>\(body)\(after)</section>"
    }

    /// A table that scrolls by itself where it is too wide.
    static func table(_ caption: String, _ head: [String], _ rows: [[Markup]]) -> Markup {
        let header = head.map { "<th scope=\"col\">\($0)</th>" as Markup }
        let body = rows.map { "<tr>\($0.map { "<td>\($0)</td>" as Markup })</tr>" as Markup }
        return
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Table: \(caption)\"><table><thead><tr>\(header)</tr></thead><tbody>\(body)</tbody></table></div>"
    }

    /// What came of something that the reader did.
    static func said(_ text: Markup, isGood: Bool = true) -> Markup {
        "<p role=\"status\" class=\"say \(isGood ? "good" : "bad")\">\(text)</p>"
    }

    static func tag(_ text: String, _ tone: Tone = .plain) -> Markup { "<span class=\"tag \(tone.rawValue)\">\(text)</span>" }

    enum Tone: String { case plain = "", good, bad, wait }
}

/// The paths of the desk. Ids stand in them as they are in the store, percent-encoded.
enum DeskPath {
    static func approval(_ account: String, _ id: String) -> String { "/approvals/\(account.percentEncoded)/\(id.percentEncoded)" }
    static func automation(_ account: String, _ id: String) -> String { "/automations/\(account.percentEncoded)/\(id.percentEncoded)" }
    static func event(_ id: String) -> String {
        "/events/\(id.split(separator: "/", omittingEmptySubsequences: false).map { String($0).percentEncoded }.joined(separator: "/"))"
    }
    static func destination(_ name: String) -> String { "/destinations/\(name.percentEncoded)" }
    static func digest(_ name: String) -> String { "/digests/\(name.percentEncoded)" }
}

extension Event {
    /// The page of what the event is about: the approval itself, else the event.
    var deskPath: String {
        if case .approval(let detail) = payload.detail, let account { DeskPath.approval(account, detail.id) } else { DeskPath.event(id) }
    }
}
