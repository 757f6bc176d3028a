import Dedup
import Logging
import Pages
import Policy
import RelayCore
import RelaySupport

/// What people post: decisions on one request or on several, and acts of operators.
extension DeskSite {
    func post(_ request: PublicRequest) async -> PublicResponse {
        guard request.body.count <= DecisionPages.mostBody else { return .text(413, "the form holds more than it can") }
        let path = request.segments
        guard !path.isEmpty, let place = Self.formPlace(path), let forms, let person = request.visitor.person else { return .nothing }
        let form = request.form
        guard forms.isFromThePage(request, Self.formText(place, person), csrf: form["csrf"] ?? "") else {
            return SignInPage.notFromHere.response(403)
        }
        do throws(LedgerError) {
            switch (path[0], path.count) {
            case ("approvals", 3): return try await decide(path[1], path[2], form, request)
            case ("approvals", _): return try await decideSeveral(form, request)
            default: return try await act(form, person, request)
            }
        } catch {
            logger.error("a page of the desk cannot be shown: \(error)")
            return response(
                .saying(503, "Not now", "The store cannot be read at the moment. Open the page again to see what became of it."), request)
        }
    }

    /// The path that the marks of a page's forms belong to; nil if the page has none.
    static func formPlace(_ path: [String]) -> String? {
        switch (path.first, path.count) {
        case (nil, 0), ("approvals"?, 1): "/approvals"
        case ("approvals"?, 3): DeskPath.approval(path[1], path[2])
        case ("destinations"?, 2): DeskPath.destination(path[1])
        case ("automations"?, 3): DeskPath.automation(path[1], path[2])
        default: nil
        }
    }

    /// Does what an operator asks for. What cannot be undone is asked for twice.
    private func act(_ form: [String: String], _ person: Person, _ request: PublicRequest) async throws(LedgerError) -> PublicResponse {
        let path = request.segments, isDestination = path[0] == "destinations"
        guard person.isOperator, let acts else {
            return response(
                .saying(403, "Not for you to do", "Operators do that: people with operator: true in the configuration."), request)
        }
        guard let act = OperatorAct(form, destination: isDestination ? path[1] : nil, automation: isDestination ? nil : path[2]) else {
            return response(.saying(400, "Nothing was said", "The form asks for nothing that is known."), request)
        }
        if act.needsConfirmation, form["confirm"] != "yes" { return response(try await confirmation(of: act, form, path), request) }
        let name = isDestination ? nil : try await reader.name(of: path[2])
        let outcome = try await acts.take(act, named: name, by: person, from: request.address)
        guard let page = try await page(request, acted: outcome) else { return response(.saying(200, "Done", outcome), request) }
        return response(page, request)
    }

    private func confirmation(
        of act: OperatorAct, _ form: [String: String], _ path: [String]
    ) async throws(LedgerError) -> DeskPage {
        let destination = try await reader.destination(path[1])
        let what =
            form["delivery"].map { "delivery \($0) to \(path[1])" }
            ?? "\(destination?.owed ?? 0) owed and \(destination?.deadCount ?? 0) dead messages to \(path[1])"
        let delivery: Markup? = form["delivery"].map { "<input type=\"hidden\" name=\"delivery\" value=\"\($0)\">" }
        return DeskPage(
            title: "Drop for good?",
            content: """
                <h1>Drop for good?</h1><section><p>This drops \(what). What is dropped is never sent, and that cannot be undone.</p>
                <form method="post"><input type="hidden" name="csrf" value="\(form["csrf"] ?? "")">\(delivery)
                <input type="hidden" name="confirm" value="yes"><p class="buttons"><button name="act" value="\(act.word)" class="reject">Drop</button> <a class="button" href="\(DeskPath.destination(path[1]))">Cancel</a></p></form></section>
                """)
    }

    private func decide(
        _ account: String, _ id: String, _ form: [String: String], _ request: PublicRequest
    ) async throws(LedgerError) -> PublicResponse {
        let outcome: DecisionOutcome
        if form["verdict"] == "withdraw" {
            outcome = try await deciding.withdraw(id, of: account, by: speaker(request))
        } else if let choice = form["verdict"].flatMap(Choice.init) {
            outcome = await decided(account, id, choice, reason: form["reason"], seen: form["seen"] ?? "", request)
        } else {
            return response(.saying(400, "Nothing was said", "The form lacks the verdict."), request)
        }
        if outcome.kind == .changed { await reader.approvals.refresh(account, within: .zero) }
        let parts = await reader.parts()
        guard let page = try await approval(account, id, request, parts, outcome: outcome) else { return .nothing }
        return response(page, request)
    }

    private func decideSeveral(_ form: [String: String], _ request: PublicRequest) async throws(LedgerError) -> PublicResponse {
        guard let choice = form["verdict"].flatMap(Choice.init) else {
            return response(.saying(400, "Nothing was said", "The form lacks the verdict."), request)
        }
        let picks = request.formValues("pick").prefix(DeskReader.ofOnePage).compactMap(Pick.init(text:))
        for account in Set(picks.map(\.account)) { await reader.approvals.refresh(account, within: DecisionPages.freshness) }
        var written: [(pick: Pick, action: String, outcome: DecisionOutcome)] = []
        for pick in picks {
            let action = try await reader.ledger.approval(account: pick.account, id: pick.approval)?.detail?.action ?? pick.approval
            let request = DecisionRequest(
                account: pick.account, approval: pick.approval, choice: choice, reason: form["reason"], shown: .hash(pick.shown),
                speaker: speaker(request))
            let outcome: DecisionOutcome
            do throws(LedgerError) {
                outcome = try await deciding.write(request, cursor: nil)
            } catch {
                logger.error("an answer cannot be written down: \(error)")
                outcome = .unwritten(error, again: "try again")
            }
            written.append((pick, action, outcome))
        }
        // All answers are written down by now. The calls go on if the reader leaves, so this is no child task.
        let calls = written.map(\.outcome), deciding = deciding
        let finished = await Task { await Self.finish(calls, deciding) }.value
        let outcomes = zip(written, finished).map { (action: $0.action, outcome: $1) }
        for account in Set(zip(written, finished).filter { $1.kind == .changed }.map(\.0.pick.account)) {
            await reader.approvals.refresh(account, within: .zero)
        }
        if outcomes.isEmpty { return response(.saying(400, "Nothing was ticked", "Tick the approvals that you decide."), request) }
        guard let page = try await page(request, outcomes: outcomes) else { return .nothing }
        return response(page, request)
    }

    /// Calls RevKeen for what was written down, several at once.
    private static func finish(_ outcomes: [DecisionOutcome], _ deciding: any Deciding) async -> [DecisionOutcome] {
        await withTaskGroup(of: (Int, DecisionOutcome).self) { group in
            for (index, outcome) in outcomes.enumerated() { group.addTask { (index, await deciding.finish(outcome)) } }
            var finished = outcomes
            for await (index, outcome) in group { finished[index] = outcome }
            return finished
        }
    }

    private func decided(
        _ account: String, _ id: String, _ choice: Choice, reason: String?, seen: String, _ request: PublicRequest
    ) async -> DecisionOutcome {
        await reader.approvals.refresh(account, within: DecisionPages.freshness)
        do throws(LedgerError) {
            let outcome = try await deciding.decide(
                DecisionRequest(
                    account: account, approval: id, choice: choice, reason: reason, shown: .hash(seen), speaker: speaker(request)))
            if let fault = outcome.storeFault { logger.error("what became of an answer cannot be written down: \(fault)") }
            return outcome
        } catch {
            logger.error("an answer cannot be written down: \(error)")
            return .unwritten(error, again: "try again")
        }
    }

    func speaker(_ request: PublicRequest) -> Speaker {
        let person = request.visitor.person
        var speaker = Speaker(
            person: person?.name, fallbackName: person?.name ?? "somebody", way: "desk", destination: nil, address: request.address)
        speaker.isSignedIn = person != nil
        speaker.mustSignIn = person == nil
        return speaker
    }
}

extension PublicRequest {
    /// All values of a field of a posted form.
    fileprivate func formValues(_ name: String) -> [String] {
        formFields(String(decoding: body, as: UTF8.self)).filter { $0.name == name }.map(\.value)
    }
}
