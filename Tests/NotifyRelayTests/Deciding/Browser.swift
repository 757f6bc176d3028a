import RelaySupport

@testable import NotifyRelay

/// A browser that keeps cookies, follows redirects within the relay's own site, and posts the forms of the page it shows.
final class Browser {
    private let site: PublicSite
    private let peer: String
    var headers: [(name: String, value: String)] = []
    private(set) var cookies: [String: String] = [:]
    private(set) var page = PublicResponse.nothing
    private(set) var path = "/"

    init(_ site: PublicSite, peer: String = "192.0.2.7") {
        self.site = site
        self.peer = peer
    }

    /// Opens a path and follows redirects to other paths of the relay.
    @discardableResult
    func open(_ target: String) async -> PublicResponse {
        await ask("GET", target, body: [])
        for _ in 0..<5 {
            guard page.status == 303, let next = page.header("location"), next.hasPrefix("/") else { break }
            await ask("GET", next, body: [])
        }
        return page
    }

    /// Posts the fields to a path, with the mark of the form that the shown page has.
    @discardableResult
    func post(_ fields: [String: String], to target: String? = nil, csrf: String? = nil) async -> PublicResponse {
        var fields = fields
        fields["csrf"] = csrf ?? page.html.lastHidden("csrf")
        if fields["seen"] == nil { fields["seen"] = page.html.hidden("seen") }
        let body = fields.map { "\($0.key)=\($0.value.percentEncoded)" }.joined(separator: "&")
        return await ask("POST", target ?? path, body: Array(body.utf8))
    }

    @discardableResult
    func ask(_ method: String, _ target: String, body: [UInt8]) async -> PublicResponse {
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var all = headers + [("cookie", cookies.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: "; "))]
        if method == "POST" { all += [("origin", "https://relay.example"), ("sec-fetch-site", "same-origin")] }
        path = String(halves[0])
        page = await site.answer(
            PublicRequest(
                method: method, segments: halves[0].split(separator: "/").map { percentDecoded($0) }, target: target,
                query: Dictionary(
                    formFields(halves.count > 1 ? halves[1] : "").map { ($0.name, $0.value) }, uniquingKeysWith: { a, _ in a }),
                headers: all, body: body, host: "relay.example", peer: peer))
        for (name, value) in page.headers where name.lowercased() == "set-cookie" { keep(value) }
        return page
    }

    private func keep(_ header: String) {
        let pair = header.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        cookies[String(pair[0])] = header.contains("Max-Age=0") ? nil : String(pair[1])
    }

    /// Takes over another browser's cookies, as an attacker would plant or steal them.
    func take(_ stolen: [String: String]) { cookies.merge(stolen) { $1 } }
}
