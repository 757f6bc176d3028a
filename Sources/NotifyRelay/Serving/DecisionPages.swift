import Dedup
import Logging
import Pages
import Policy
import RelayCore
import RelaySupport

/// The pages that signed links lead to. Opening a page never decides anything: only a form that is posted from the page itself does, for
/// what the page showed.
struct DecisionPages: Sendable {
    let approvals: any ApprovalReading
    let deciding: any Deciding
    let keys: LinkKeys
    /// The address at which people reach us, without a slash at its end.
    let publicURL: String
    let guesses = GuessLimit()
    let clock: any WallClock
    let logger: Logger

    /// The maximum age of a page's facts while RevKeen responds.
    static let freshness = Duration.seconds(5)
    /// The maximum size of a form, in bytes.
    static let mostBody = 65_536
    /// People can sign in here, so whoever is not known must.
    var signsIn = false

    private var forms: FormGuard { FormGuard(keys: keys, publicURL: publicURL) }

    func show(_ text: String, _ request: PublicRequest) async -> PublicResponse {
        let token: DecisionToken
        switch read(text) {
        case .failure(let page): return response(page)
        case .success(let good): token = good
        }
        await approvals.refresh(token.account, within: Self.freshness)
        let page = await page(for: token, text, request, outcome: nil)
        return response(page)
    }

    func decide(_ text: String, _ request: PublicRequest) async -> PublicResponse {
        let token: DecisionToken
        switch read(text) {
        case .failure(let page): return response(page)
        case .success(let good): token = good
        }
        guard request.body.count <= Self.mostBody else { return response(.closed(413, "Too much", "The form holds more than it can.")) }
        let form = request.form
        guard forms.isFromThePage(request, text, csrf: form["csrf"] ?? "") else {
            return response(.closed(403, "Not from this page", "Open the link again and decide there: this did not come from its page."))
        }
        let outcome: DecisionOutcome
        if form["verdict"] == "withdraw" {
            outcome = await withdraw(token, request)
        } else if let choice = form["verdict"].flatMap(Choice.init) {
            outcome = await decide(token, choice, form, request)
        } else {
            return response(.closed(400, "Nothing was said", "The form lacks the verdict. Open the link again."))
        }
        // The page then shows what is asked now.
        if outcome.kind == .changed { await approvals.refresh(token.account, within: .zero) }
        return response(await page(for: token, text, request, outcome: outcome))
    }

    private func decide(
        _ token: DecisionToken, _ choice: Choice, _ form: [String: String], _ request: PublicRequest
    ) async -> DecisionOutcome {
        // The person decides on what RevKeen shows now. If the page showed something else, its hash is another one.
        await approvals.refresh(token.account, within: Self.freshness)
        do {
            let decision = DecisionRequest(
                account: token.account, approval: token.approval, choice: choice, reason: form["reason"],
                shown: .hash(form["seen"] ?? ""), speaker: await speaker(of: token, request))
            let outcome = try await deciding.decide(decision)
            if let fault = outcome.storeFault { logger.error("what became of an answer cannot be written down: \(fault)") }
            return outcome
        } catch {
            logger.error("an answer cannot be written down: \(error)")
            return .unwritten(error, again: "try again")
        }
    }

    private func withdraw(_ token: DecisionToken, _ request: PublicRequest) async -> DecisionOutcome {
        do {
            return try await deciding.withdraw(token.approval, of: token.account, by: await speaker(of: token, request))
        } catch {
            logger.error("an answer cannot be withdrawn: \(error)")
            return .unwritten(error, again: "try again")
        }
    }

    /// The speaker is whoever is signed in, else a known person if the link went to that person alone. Otherwise it is whoever reads the
    /// destination; where people can sign in, such a reader must.
    private func speaker(of token: DecisionToken, _ request: PublicRequest) async -> Speaker {
        if let person = request.visitor.person {
            var speaker = Speaker(
                person: person.name, fallbackName: person.name, way: "desk", destination: token.destination, address: request.address)
            speaker.isSignedIn = true
            return speaker
        }
        let reader = await approvals.reader(at: token.destination, mark: token.recipient)
        var speaker = Speaker(
            person: reader.person, fallbackName: reader.name, way: "link", destination: token.destination, address: request.address)
        speaker.isRecipient = reader.isRecipient
        speaker.mustSignIn = signsIn && reader.person == nil
        return speaker
    }

    private func page(
        for token: DecisionToken, _ text: String, _ request: PublicRequest, outcome: DecisionOutcome?
    ) async -> DecisionPage {
        do {
            let speaker = await speaker(of: token, request)
            guard let view = try await approvals.view(of: token.approval, account: token.account, by: speaker) else {
                return .closed(404, "Not known", "This relay knows nothing of the approval any more.")
            }
            return page(of: view, speaker, text, request, outcome)
        } catch {
            logger.error("a page cannot be shown: \(error)")
            return unreadable(outcome)
        }
    }

    private func page(
        of view: ApprovalView, _ speaker: Speaker, _ text: String, _ request: PublicRequest, _ outcome: DecisionOutcome?
    ) -> DecisionPage {
        var page = DecisionPage(status: outcome?.kind == .unwritten ? 503 : 200, title: "")
        page.outcome = outcome
        page.facts = view.facts
        page.speaker = speaker.name
        page.signIn = speaker.mustSignIn ? "/sign-in?to=/a/\(text)" : nil
        var last = view.answer
        // The store does not know yet what this person is told.
        if outcome?.kind == .takenUnrecorded { last?.state = .taken }
        page.standing = Standing(view.row, answer: last, people: view.people)
        switch page.standing {
        case .open?:
            page.votes = view.votes
            page.peopleNeeded = view.peopleNeeded
            page.whyNot = view.whyNot
            if view.whyNot == nil { page.form = form(view, text, request) }
        case .onItsWay(_, _, wasCalled: false)?:
            if view.whyNot == nil { page.form = form(view, text, request, withdraws: true) }
        default: break
        }
        return page
    }

    private func form(_ view: ApprovalView, _ text: String, _ request: PublicRequest, withdraws: Bool = false) -> DecisionPage.Form {
        let nonce = forms.nonce(request)
        var form = DecisionPage.Form(seen: view.row.shownHash, csrf: forms.mark(of: text, nonce), nonce: nonce, withdraws: withdraws)
        form.needsReason = view.needsReason
        return form
    }

    /// The page while the store cannot be read. It says the outcome of a posted request all the same.
    private func unreadable(_ outcome: DecisionOutcome?) -> DecisionPage {
        let isKnown = outcome != nil && outcome?.kind != .unwritten
        var page = DecisionPage.closed(
            isKnown ? 200 : 503, "Not to be shown at the moment",
            "This relay cannot read its store at the moment. Open the link again in a minute.")
        page.outcome = outcome
        return page
    }

    private enum Reading {
        case success(DecisionToken)
        case failure(DecisionPage)
    }

    private func read(_ text: String) -> Reading {
        let content = text.split(separator: ".", maxSplits: 1).first.map(String.init) ?? ""
        let tooMany = DecisionPage.closed(429, "Too many tries", "Wait a minute and open the link again.")
        // A right signature passes, however many wrong ones came before it.
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

    private func response(_ page: DecisionPage) -> PublicResponse {
        let shell = page.shell
        var headers = shell.headers
        if let nonce = page.form?.nonce { headers.append(forms.header(nonce)) }
        return PublicResponse(status: page.status, headers: headers, body: Array(shell.html.utf8))
    }
}
