import Dedup
import Logging
import Pages
import Policy
import RelayCore
import RelaySupport

/// The pages where one looks instead of reading. On `listen` everybody may look; on the public side people sign in first, and decide.
struct DeskSite: Sendable {
    let reader: DeskReader
    let deciding: any Deciding
    /// Nil on `listen`, where nobody is signed in and nothing is decided.
    let forms: FormGuard?
    let logger: Logger

    /// Nil on `listen`, where nobody acts.
    var acts: OperatorActs?
    /// Nil in tests of single pages.
    var live: LivePages?

    /// How long a page waits for the store. Another process may hold it for longer.
    var patience = Duration.seconds(2)

    private static let script = PublicResponse(
        status: 200,
        headers: [
            ("Content-Type", "text/javascript; charset=utf-8"), ("Cache-Control", "no-cache"), ("X-Content-Type-Options", "nosniff"),
        ], body: Array(DeskScript.text.utf8))

    /// Answers a request for a page of the desk; nil if the path belongs to none.
    func answer(_ request: PublicRequest) async -> PublicResponse? {
        guard Self.isOfDesk(request.segments) else { return nil }
        if request.method == "GET", request.segments == ["desk.js"] { return Self.script }
        if let refusal = refusal(of: request) { return refusal }
        if request.method == "POST" { return await post(request) }
        guard request.method == "GET" else { return .text(405, "only GET and POST are known here") }
        return await result(within: patience) { await get(request) }
            ?? response(.saying(503, "Not now", "The store does not answer. Try again in a minute."), request)
    }

    static func isOfDesk(_ path: [String]) -> Bool {
        switch path.count {
        case 0: true
        case 1: ["approvals", "events", "audit", "desk.js", "live"].contains(path[0])
        case 2: ["destinations", "digests", "events"].contains(path[0])
        default: ["approvals", "automations", "digests", "events"].contains(path[0])
        }
    }

    /// What a reader gets who must sign in first, or who is not known; nil if they may read.
    func refusal(of request: PublicRequest) -> PublicResponse? {
        guard forms != nil else { return request.method == "POST" ? .text(405, "nothing is decided on this port") : nil }
        switch request.visitor {
        case .person: return nil
        case .stranger(let email): return SignInPage.stranger(email).response(403)
        case .nobody where request.method == "GET": return .redirect(to: "/sign-in?to=\(request.target.percentEncoded)")
        case .nobody: return SignInPage.ended.response(403)
        }
    }

    // MARK: Looking

    private func get(_ request: PublicRequest) async -> PublicResponse {
        do throws(LedgerError) {
            if let foreign = try await digestMessage(request.segments) { return foreign }
            guard let page = try await page(request) else {
                return response(.saying(404, "Nothing is here", "This relay knows nothing of that, or not any more."), request)
            }
            return response(page, request)
        } catch {
            logger.error("a page of the desk cannot be shown: \(error)")
            return response(.saying(503, "Not now", "The store cannot be read at the moment. Try again in a minute."), request)
        }
    }

    /// The page at a path; nil if there is none.
    ///
    /// - Parameters:
    ///   - outcomes: what became of approvals that were decided together.
    ///   - acted: what came of an operator's act.
    func page(
        _ request: PublicRequest, outcomes: [(action: String, outcome: DecisionOutcome)] = [], acted: String? = nil
    ) async throws(LedgerError) -> DeskPage? {
        let parts = await reader.parts(), path = request.segments
        switch (path.first, path.count) {
        case (_, 0):
            let home = try await reader.home()
            return HomePage(
                home: home, parts: parts, today: await reader.today(), csrf: mark("/approvals", request),
                decidable: await decidable(home.waiting.prefix(DeskReader.mostWaiting), request)
            ).page
        case ("approvals"?, 1):
            let asked = request.query["state"] ?? "", state = ["over", "all"].contains(asked) ? asked : "waiting"
            let list = try await reader.ledger.approvals(
                open: state == "all" ? nil : state == "waiting", before: request.before, most: DeskReader.ofOnePage)
            return ApprovalListPage(
                list: list, parts: parts, state: state, csrf: mark("/approvals", request),
                decidable: await decidable(list.items[...], request),
                answers: try await reader.answers(to: list.items), outcomes: outcomes,
                typed: outcomes.allSatisfy(\.outcome.isGood) ? "" : request.typedReason
            ).page
        case ("approvals"?, 3): return try await approval(path[1], path[2], request, parts, outcome: nil)
        case ("automations"?, 3):
            let key = AutomationKey(account: path[1], automation: path[2])
            return try await reader.automation(key).asyncMap {
                AutomationPage(
                    automation: $0, parts: parts, today: await reader.today(),
                    csrf: operatorMark(DeskPath.automation(path[1], path[2]), request), outcome: acted
                ).page
            }
        case ("audit"?, 1):
            let answers = try await reader.ledger.audit(limit: AuditPage.most)
            return AuditPage(
                answers: answers, acts: try await reader.ledger.acts(most: AuditPage.most), actions: try await reader.actions(of: answers),
                parts: parts
            ).page
        case ("events"?, 1): return try await events(request, parts)
        case ("events"?, _): return try await event(path.dropFirst().joined(separator: "/"), parts)
        case ("destinations"?, 2):
            return try await reader.destination(path[1]).map {
                DestinationPage(
                    destination: $0, parts: parts, csrf: operatorMark(DeskPath.destination(path[1]), request), outcome: acted
                ).page
            }
        case ("digests"?, 2): return try await digest(path[1], parts)
        default: return nil
        }
    }

    /// The pages of those approvals that the reader may decide.
    private func decidable(_ rows: ArraySlice<ApprovalRow>, _ request: PublicRequest) async -> Set<String> {
        guard request.visitor.person != nil else { return [] }
        let router = await reader.current().generation.router, speaker = speaker(request)
        return Set(rows.filter { $0.isOpen && router.authority(over: $0, for: speaker).refusal(of: speaker) == nil }.map(\.page))
    }

    func approval(
        _ account: String, _ id: String, _ request: PublicRequest, _ parts: DeskParts, outcome: DecisionOutcome?
    ) async throws(LedgerError) -> DeskPage? {
        let speaker = speaker(request)
        guard let view = try await reader.approvals.view(of: id, account: account, by: speaker) else { return nil }
        var last = view.answer
        if outcome?.kind == .takenUnrecorded { last?.state = .taken }
        let subject = EventID.approvalSubject(id, account: account)
        var page = ApprovalPage(
            view: view, standing: Standing(view.row, answer: last, people: view.people),
            events: try await reader.ledger.events(about: subject),
            deliveries: try await reader.ledger.deliveries(about: subject),
            audit: try await reader.ledger.audit(account: account, approval: id), parts: parts, reader: speaker.person,
            csrf: mark(DeskPath.approval(account, id), request))
        page.outcome = outcome
        page.typed = request.typedReason
        return page.page
    }

    private func events(_ request: PublicRequest, _ parts: DeskParts) async throws(LedgerError) -> DeskPage {
        let search = EventSearch(request.query)
        if let fault = search.fault {
            return EventListPage(list: Page(items: [], next: nil), search: search, fault: fault, parts: parts).page
        }
        var before = request.before
        if before == nil, let until = search.until { before = try await reader.ledger.number(seenBy: until) ?? 0 }
        let list = try await reader.ledger.events(search.filter, before: before, most: DeskReader.ofOnePage)
        return EventListPage(list: list, search: search, parts: parts).page
    }

    private func event(_ id: String, _ parts: DeskParts) async throws(LedgerError) -> DeskPage? {
        guard let stored = try await reader.ledger.event(id) else { return nil }
        let router = await reader.current().generation.router
        let story = EventStory(
            event: stored.event, isReadable: stored.isReadable, routes: router.explain(stored.event),
            history: try await reader.ledger.history(id), since: try await since(of: stored.event, reader.ledger))
        return EventPage(story: story, parts: parts).page
    }

    private func digest(_ name: String, _ parts: DeskParts) async throws(LedgerError) -> DeskPage? {
        guard await reader.current().generation.router.digests.contains(where: { $0.name == name }) else { return nil }
        var entries: [DigestPage.Entry] = []
        for (window, count) in try await reader.ledger.openWindows() where window.kind == .digest && window.name == name {
            entries.append(DigestPage.Entry(window: window, event: nil, count: count))
        }
        for window in try await reader.ledger.closedWindows(ofDigest: name, limit: 30) {
            entries.append(DigestPage.Entry(window: window, event: try await reader.ledger.told(of: window.id)?.event, count: nil))
        }
        return DigestPage(name: name, entries: entries, parts: parts).page
    }

    /// The text of a digest's message, which stands in a frame of its page; nil if the path is another one.
    private func digestMessage(_ path: [String]) async throws(LedgerError) -> PublicResponse? {
        guard path.count == 3, path[0] == "digests" else { return nil }
        let generation = await reader.current().generation
        guard let digest = generation.router.digests.first(where: { $0.name == path[1] }) else { return .nothing }
        let event: Event?
        if path[2] == "next" {
            let open = try await reader.ledger.openWindows(.digest, named: digest.name).map(\.id), maker = DigestMaker(settings: digest)
            let made = try await reader.ledger.readWindows(open) { try maker.detail($0, isLate: false) }
            event = (made ?? nil).map { digest.event($0.detail, staging: $0.staging, now: reader.clock.now) { $0.priority } }
        } else {
            event = try await Int64(path[2]).asyncMap { id throws(LedgerError) in try await reader.ledger.told(of: id)?.event } ?? nil
        }
        guard let event, let html = generation.composer.mailHTML(event, now: reader.clock.now) else {
            return .text(404, "there is nothing to tell")
        }
        let page = ForeignPage(html)
        return PublicResponse(status: 200, headers: page.headers + [("Cache-Control", "no-store")], body: Array(page.html.utf8))
    }

    // MARK: Responses

    static func formText(_ place: String, _ person: Person) -> String { "\(place)\n\(person.name)" }

    /// The mark of a form of a page, for its reader; nil where nobody decides.
    func mark(_ place: String, _ request: PublicRequest) -> String? {
        guard let forms, let person = request.visitor.person else { return nil }
        if let placeholder = request.markPlaceholder { return placeholder }
        return forms.mark(of: Self.formText(place, person), request.formNonce)
    }

    func operatorMark(_ place: String, _ request: PublicRequest) -> String? {
        request.visitor.person?.isOperator == true && acts != nil ? mark(place, request) : nil
    }

    func response(_ page: DeskPage, _ request: PublicRequest) -> PublicResponse {
        let person = request.visitor.person
        let signOut = person.flatMap { _ in forms?.mark(of: SignInDoor.signOutForm, request.formNonce) }
        let shell = page.shell(reader: forms == nil ? nil : person?.name, signOut: signOut)
        var headers = shell.headers
        if let forms, person != nil { headers.append(forms.header(request.formNonce)) }
        return PublicResponse(status: page.status, headers: headers, body: Array(shell.html.utf8))
    }
}

extension PublicRequest {
    fileprivate var typedReason: String { String((form["reason"] ?? "").prefix(2_000)) }

    /// The number before which a part of a list begins; nil for its first part.
    fileprivate var before: Int64? { query["before"].flatMap { Int64($0) }.map { max(0, $0) } }
}

extension Optional {
    /// Like `map`, for work that takes time.
    fileprivate func asyncMap<Result, Failure: Error>(
        _ body: (Wrapped) async throws(Failure) -> Result
    ) async throws(Failure) -> Result? {
        guard let self else { return nil }
        return try await body(self)
    }
}
