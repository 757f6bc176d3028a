import Crypto
import Dedup
import Logging
import RelayCore
import RelaySupport

/// The pages that signed links lead to. Looking never decides: only what is posted from the page itself does, for what the page showed.
struct DecisionPages: Sendable {
    let relay: Relay
    let keys: LinkKeys
    /// As people reach us, without a last slash.
    let publicURL: String
    let guesses = GuessLimit()
    let clock: any WallClock
    let logger: Logger

    /// What a page shows is at most so old, if RevKeen can be asked.
    static let freshness = Duration.seconds(5)
    /// Of the form.
    private static let mostBody = 16_384
    private static let cookie = "notify_relay_form"

    func show(_ text: String, _ request: PublicRequest) async -> PublicResponse {
        let token: DecisionToken
        switch read(text) {
        case .failure(let page): return answer(page, isHead: request.method == "HEAD")
        case .success(let good): token = good
        }
        let page = await page(for: token, text, request, said: nil)
        return answer(page, isHead: request.method == "HEAD")
    }

    func decide(_ text: String, _ request: PublicRequest) async -> PublicResponse {
        let token: DecisionToken
        switch read(text) {
        case .failure(let page): return answer(page)
        case .success(let good): token = good
        }
        guard request.body.count <= Self.mostBody else { return answer(.closed(413, "Too much", "The form holds more than it can.")) }
        let form = Dictionary(
            formFields(String(decoding: request.body, as: UTF8.self)).map { ($0.name, $0.value) }, uniquingKeysWith: { a, _ in a })
        guard cameFromThePage(request, text, csrf: form["csrf"] ?? "") else {
            return answer(.closed(403, "Not from this page", "Open the link again and decide there: this did not come from its page."))
        }
        let said: DecisionDesk.Reply
        switch form["verdict"] {
        case "approve"?: said = await hear(token, .approve, form, request)
        case "reject"?: said = await hear(token, .reject, form, request)
        default: return answer(.closed(400, "Nothing was said", "The form lacks the verdict. Open the link again."))
        }
        return answer(await page(for: token, text, request, said: said))
    }

    private func hear(_ token: DecisionToken, _ verdict: Choice, _ form: [String: String], _ request: PublicRequest) async
        -> DecisionDesk.Reply
    {
        // What somebody decides on is what RevKeen shows now, or the hash says that it is not.
        _ = await relay.approval(token.account, token.approval, within: Self.freshness)
        let saying = Saying(
            account: token.account, approval: token.approval, verdict: verdict, reason: form["reason"],
            shown: .hash(form["seen"] ?? ""), speaker: await speaker(of: token, request))
        do {
            return try await relay.hear(saying)
        } catch {
            logger.error("an answer cannot be written down: \(error)")
            return .denied("it cannot be written down at the moment; try again")
        }
    }

    /// Somebody known if the link went to that person alone; else whoever reads it there.
    private func speaker(of token: DecisionToken, _ request: PublicRequest) async -> Speaker {
        let reader = await relay.reader(at: token.destination, mark: token.recipient)
        return Speaker(
            person: reader.person, fallbackName: reader.name, way: "link", destination: token.destination, address: request.address)
    }

    private func page(
        for token: DecisionToken, _ text: String, _ request: PublicRequest, said: DecisionDesk.Reply?
    ) async -> DecisionPage {
        guard let row = await relay.approval(token.account, token.approval, within: said == nil ? Self.freshness : .seconds(3_600)) else {
            return .closed(404, "Not known", "This relay knows nothing of the approval any more.")
        }
        let speaker = await speaker(of: token, request)
        let desk = await relay.desk
        let last = try? await desk.ledger.lastAnswer(account: row.account, approval: row.id)
        let authority = desk.router.authority(over: row, at: token.destination)
        var page = DecisionPage(status: 200, title: "")
        page.said = said
        page.facts = await relay.facts(of: row, now: clock.now)
        page.speaker = speaker.name
        page.standing = DecisionPage.Standing(row, answer: last ?? nil, people: await relay.generation.composer.people)
        if case .open = page.standing {
            page.votes = (try? await desk.ledger.votes(account: row.account, approval: row.id)) ?? []
            page.peopleNeeded = authority.peopleNeeded
            if let why = desk.refusal(of: speaker, authority) {
                page.whyNot = why
            } else {
                let nonce = cookieValue(request) ?? base64URL(SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) })
                page.form = DecisionPage.Form(seen: row.shownHash, csrf: csrf(text, nonce), nonce: nonce)
            }
        }
        return page
    }

    private enum Reading {
        case success(DecisionToken)
        case failure(DecisionPage)
    }

    private func read(_ text: String) -> Reading {
        let content = text.split(separator: ".", maxSplits: 1).first.map(String.init) ?? ""
        let tooMany = DecisionPage.closed(429, "Too many tries", "Wait a minute and open the link again.")
        guard guesses.admits(content, at: clock.uptime) else { return .failure(tooMany) }
        guard let token = DecisionToken(text, keys: keys) else {
            let isFew = guesses.missed(content, at: clock.uptime)
            return .failure(
                isFew
                    ? .closed(404, "This link does not work", "It is not one that this relay has sent, or a part of it is missing.")
                    : tooMany)
        }
        guard token.expires > clock.now else {
            return .failure(.closed(410, "This link has expired", "A newer message about the approval has a link that works."))
        }
        return .success(token)
    }

    // MARK: Only from the page itself

    private func cameFromThePage(_ request: PublicRequest, _ token: String, csrf given: String) -> Bool {
        if let origin = request.header("origin"), origin != self.origin { return false }
        if let site = request.header("sec-fetch-site"), site != "same-origin" { return false }
        guard let nonce = cookieValue(request), let signature = bytes(base64URL: given) else { return false }
        return keys.verifies(signature, of: Self.formText(token, nonce), for: .form)
    }

    private func csrf(_ token: String, _ nonce: String) -> String {
        base64URL(keys.sign(Self.formText(token, nonce), for: .form).signature)
    }

    private static func formText(_ token: String, _ nonce: String) -> String { "\(nonce)\n\(token)" }

    private var origin: String {
        let rest = publicURL.lowercased().split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard rest.count > 2 else { return publicURL }
        var host = String(rest[2].prefix { $0 != "/" })
        // As browsers write it: in lower case, without the port that the scheme has anyway.
        let usual = rest[0] == "https:" ? ":443" : ":80"
        if host.hasSuffix(usual) { host.removeLast(usual.count) }
        return "\(rest[0])//\(host)"
    }

    private func cookieValue(_ request: PublicRequest) -> String? {
        let pairs = request.headers.filter { $0.name == "cookie" }.flatMap { $0.value.split(separator: ";") }
        let value = pairs.lazy.map(String.init).map(\.trimmed).first { $0.hasPrefix(Self.cookie + "=") }?.dropFirst(Self.cookie.count + 1)
        return value.flatMap { bytes(base64URL: $0)?.count == 16 ? String($0) : nil }
    }

    private func answer(_ page: DecisionPage, isHead: Bool = false) -> PublicResponse {
        var headers: [(name: String, value: String)] = [
            ("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
            // Within this site it stays, so that a browser says where a form comes from; no other site ever sees the link.
            ("Referrer-Policy", "same-origin"), ("X-Robots-Tag", "noindex, nofollow"),
            (
                "Content-Security-Policy",
                "default-src 'none'; style-src '\(DecisionPage.styleHash)'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            ),
        ]
        if let nonce = page.form?.nonce {
            let secure = publicURL.hasPrefix("https://") ? "; Secure" : ""
            headers.append(("Set-Cookie", "\(Self.cookie)=\(nonce); Path=/; HttpOnly; SameSite=Lax\(secure)"))
        }
        return PublicResponse(status: page.status, headers: headers, body: isHead ? [] : Array(page.html.utf8))
    }
}
